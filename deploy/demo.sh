#!/usr/bin/env bash
# Shows Hattama on published elections of Kazakhstan: sets up, builds, starts a server on a folder of its own, records
# five elections and asks what a visitor would ask. It checks the key figures itself and fails where one is wrong.
#
#   deploy/demo.sh [--keep] [--port N] [--no-setup]
#
# --keep leaves the server running and says how to reach it; otherwise nothing is left behind. --port 0, the default,
# takes a free one.
set -euo pipefail

keep=no port=0 setup=yes
usage() {
  sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  exit "$1"
}
while [[ $# -gt 0 ]]; do
  case $1 in
    --keep) keep=yes ;;
    --port)
      [[ ${2:-} =~ ^[0-9]+$ ]] || { echo "demo: --port wants a number" >&2; exit 2; }
      port=$2
      shift
      ;;
    --no-setup) setup=no ;;
    -h | --help) usage 0 ;;
    *) echo "demo: unknown argument $1" >&2; usage 2 >&2 ;;
  esac
  shift
done

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
[[ $setup == no ]] || deploy/setup.sh
bin=${HATTAMA_BIN_DIR:-}
if [[ -z $bin ]]; then
  # Silent where all goes well: the build's own words are not part of the show.
  mkdir -p build
  echo "building (some minutes the first time)"
  if ! { cmake --preset release && cmake --build --preset release --target hattamad hattama; } >build/demo-build.log 2>&1; then
    tail -n 40 build/demo-build.log >&2
    exit 1
  fi
  bin=$root/build/release/bin
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/hattama-demo.XXXXXX")
server_pid=
cleanup() {
  local status=$?
  if [[ $keep == yes && $status -eq 0 ]]; then return; fi
  if [[ -n $server_pid ]] && kill -0 "$server_pid" 2>/dev/null; then
    kill "$server_pid"
    wait "$server_pid" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export PATH=$bin:$PATH
hattama keygen demo.hattama.example/authority --out "$work/authority" >/dev/null

hattamad init --data "$work/data" --origin demo.hattama.example/ledger --authority "$work/authority.vkey" >"$work/init.log"
tail -n 1 "$work/init.log" >"$work/log.vkey"
hattamad serve --data "$work/data" --listen "127.0.0.1:$port" --port-file "$work/port" \
  --publish "$work/published" >"$work/server.log" 2>&1 &
server_pid=$!
for _ in $(seq 1 600); do
  [[ -s $work/port ]] && break
  if ! kill -0 "$server_pid" 2>/dev/null; then
    cat "$work/server.log" >&2
    exit 1
  fi
  sleep 0.1
done
if [[ ! -s $work/port ]]; then
  echo "demo: the server is not ready after 60 s" >&2
  exit 1
fi
HATTAMA_SERVER=$(<"$work/port")
export HATTAMA_SERVER

# section TITLE [TEXT]
section() {
  printf '\n\n==== %s ====\n' "$1"
  [[ -z ${2:-} ]] || printf '%s\n' "$2"
}
# show COMMAND...: prints a command and what it says. Exit 1 of hattama (findings, differences) is no failure here.
show() {
  printf '\n$ %s\n' "$*"
  local status=0
  "$@" || status=$?
  [[ $status -le 1 ]] || exit "$status"
}

section "Five elections" "Figures of the country are published ones; what lies below them is synthetic and says so."
python3 deploy/demo/generate.py --out "$work/elections"
for election in kz-mazhilis-2023 kz-referendum-2022 kz-mazhilis-2007 kz-president-2011 kz-maslikhat-2023; do
  folder=$work/elections/$election
  hattama --no-progress --key "$work/authority.key" define "$folder/definition.json" --mapping "$folder/mapping.json" --stations "$folder/stations.csv.gz"
  python3 deploy/demo/offices.py "$folder" --keys "$work/keys/$election" --authority "$work/authority.key"
  status=0
  hattama --no-progress import "$folder" --mapping "$folder/mapping.json" --keys "$work/keys/$election" || status=$?
  [[ $status -le 1 ]] || exit "$status"
done

section "Mazhilis 2023: the list vote" "Final protocols of 10,223 stations. Every share names its base, every answer its version."
show hattama tally kz-mazhilis-2023 --contest party-list --policy final

section "Mazhilis 2023: seats" "Each step of the allocation, then lists and districts together: Amanat has 40 + 23 = 63 of 98."
show hattama seats kz-mazhilis-2023 --policy final

section "Mazhilis 2023: turnout by region" "Ballots issued / registered voters; Kyzylorda 67.21 %, Almaty city 25.82 %."
show hattama tally kz-mazhilis-2023 --contest party-list --policy final --by region
show hattama tally kz-mazhilis-2023 --contest party-list --policy final --unit kyzylorda
show hattama tally kz-mazhilis-2023 --contest party-list --policy final --unit almaty-city

section "Mazhilis 2023: from preliminary to final" "Which stations changed, by how much, and what kind of slip it looks like."
show hattama diff kz-mazhilis-2023 --contest party-list --left preliminary --right final --limit 20

section "Referendum 2022: preliminary against final" "Claims of the Central Election Commission for the country."
show hattama diff kz-referendum-2022 --left preliminary/claims --right final/claims
show hattama tally kz-referendum-2022 --claims --policy final

section "Mazhilis 2007: preliminary against final" "All 98 seats went to the one list above 7 %; a party lost votes between the versions."
show hattama diff kz-mazhilis-2007 --left preliminary/claims --right final/claims
show hattama tally kz-mazhilis-2007 --claims --policy final

section "President 2011"
show hattama tally kz-president-2011 --claims --policy final

section "A maslikhat district 2023: observers against the commission" "Fifteen station protocols say +67; the official result says -33."
show hattama diff kz-maslikhat-2023 --left monitor:final --right precinct:final
show hattama tally kz-maslikhat-2023 --claims --source territorial --policy final

section "Trusting nobody" "A commission publishes a tally; a voter proves a station in it offline; two programs that share no line audit the log."
cd "$work"
show hattama --key keys/kz-maslikhat-2023/precinct/DISTRICT.key publish-tally kz-maslikhat-2023 --source precinct --policy final
publication=$(hattama --format=json status | python3 -c 'import json, sys; print(int(json.load(sys.stdin)["as_of"]["tree_size"]) - 1)')
show hattama prove-station M-05 --publication "$publication" --log-key log.vkey --out M-05.station-proof
show hattama verify M-05.station-proof --log-key log.vkey
sleep 2 # The folder of static files follows the checkpoint within a second.
show hattama --no-progress audit published --log-key log.vkey --authority authority.vkey --state audited
cd "$root/clients/python"
show /usr/bin/python3 -m hattama_verify audit "$work/published" --log-key "$work/log.vkey" --authority "$work/authority.vkey"
cd "$root"

section "The ledger" "Whoever holds the log can compute all of this again; the root commits to every event."
show hattama status

section "Checks"
python3 deploy/demo/check_figures.py "$work/elections"

if [[ $keep == yes ]]; then
  cat <<EOF

The server goes on, process $server_pid, with its data in $work.
  export HATTAMA_SERVER=$HATTAMA_SERVER
  $bin/hattama status
  ls $work/published $work/keys   # the log for everybody, and the offices' keys
  kill $server_pid; rm -rf $work      # ends it
EOF
  disown "$server_pid"
fi
