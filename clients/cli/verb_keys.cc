// hattama keygen, grant, revoke and rotate: who may submit what.
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/mapping.h"
#include "clients/cli/output.h"
#include "clients/cli/receipt_output.h"
#include "clients/cli/verbs.h"
#include "storage/files/small_file.h"
#include "storage/keys/key_file.h"
#include "storage/merkle/signed_note.h"

namespace hattama::cli {
namespace {

constexpr mode_t kSecretMode = 0600;

struct Flags {
  std::string name, out;
  bool witness = false, pem = false;
  std::string election, to, from, role, unit, holder, reason;
  std::vector<std::string> sources, contests, stages;
  std::string submitter = "hattama";
  Waiting waiting;
};

absl::StatusOr<ExitCode> Keygen(Session& session, const Flags& flags) {
  if (absl::Status fine = RequireNoCsv(session, "keygen"); !fine.ok()) return fine;
  absl::StatusOr<merkle::SigningKey> key = merkle::SigningKey::Generate();
  if (!key.ok()) return key.status();
  const merkle::PublicKey public_key = key->public_key();
  const absl::StatusOr<merkle::NoteKey> note_key =
      merkle::MakeNoteKey(flags.name, flags.witness ? merkle::kNoteCosignature : merkle::kNoteEd25519, public_key);
  if (!note_key.ok()) return UsageError(absl::StrCat("NAME: ", note_key.status().message()));
  const std::string vkey = merkle::FormatVerifierKey(*note_key);
  const std::string private_path = flags.out + ".key";
  const std::string pem = key->ToPem();
  const merkle::NamedSigningKey named{.name = flags.name, .key = *std::move(key)};
  absl::Status written =
      storage::CreateFile(private_path, flags.pem ? pem : merkle::FormatPrivateKey(named) + "\n", kSecretMode);
  if (written.ok()) written = storage::ReplaceFile(flags.out + ".vkey", vkey + "\n");
  if (written.ok()) written = storage::ReplaceFile(flags.out + ".pem", merkle::PublicKeyToPem(public_key));
  if (!written.ok()) return AsUsage(written);
  if (session.globals.format == Format::kJson) {
    PrintJson({{"name", flags.name}, {"verifier_key", vkey}, {"private_key_file", private_path}});
  } else {
    Print(absl::StrCat(vkey, "\n"));
  }
  return ExitCode::kFine;
}

absl::StatusOr<v1::Role> RoleNamed(const std::string& name) {
  if (name == "commission") return v1::ROLE_COMMISSION;
  if (name == "monitor") return v1::ROLE_MONITOR;
  if (name == "court-registry") return v1::ROLE_COURT_REGISTRY;
  if (name == "auditor") return v1::ROLE_AUDITOR;
  return UsageError(absl::StrCat("--role ", name, ": is none of commission, monitor, court-registry, auditor"));
}

std::string Bytes(const merkle::PublicKey& key) { return std::string(key.begin(), key.end()); }

absl::StatusOr<ExitCode> Grant(Session& session, const Flags& flags) {
  v1::Submission submission;
  submission.set_submitter(flags.submitter);
  v1::KeyGranted& granted = *submission.mutable_key_granted();
  std::string name;
  const absl::StatusOr<merkle::PublicKey> key = storage::LoadPublicKey(flags.to, &name);
  if (!key.ok()) return AsUsage(key.status());
  const absl::StatusOr<v1::Role> role = RoleNamed(flags.role);
  if (!role.ok()) return role.status();
  granted.set_public_key(Bytes(*key));
  granted.set_holder(flags.holder.empty() ? name : flags.holder);
  granted.set_role(*role);
  granted.set_election_id(flags.election);
  granted.set_unit_id(flags.unit);
  for (const std::string& source : flags.sources) granted.add_source_ids(source);
  for (const std::string& contest : flags.contests) granted.add_contest_ids(contest);
  for (const std::string& stage : flags.stages) {
    granted.add_stages(StageNamed(stage));
    if (StageNamed(stage) == v1::STAGE_UNSPECIFIED) {
      return UsageError(absl::StrCat("--stage ", stage, ": is none of preliminary, final, corrected"));
    }
  }
  return SubmitAndShow(session, submission, false, flags.waiting);
}

absl::StatusOr<ExitCode> Revoke(Session& session, const Flags& flags) {
  v1::Submission submission;
  submission.set_submitter(flags.submitter);
  const absl::StatusOr<merkle::PublicKey> key = storage::LoadPublicKey(flags.from);
  if (!key.ok()) return AsUsage(key.status());
  submission.mutable_key_revoked()->set_public_key(Bytes(*key));
  submission.mutable_key_revoked()->set_election_id(flags.election);
  submission.mutable_key_revoked()->set_reason(flags.reason);
  return SubmitAndShow(session, submission, false, flags.waiting);
}

absl::StatusOr<ExitCode> Rotate(Session& session, const Flags& flags) {
  v1::Submission submission;
  submission.set_submitter(flags.submitter);
  const absl::StatusOr<merkle::PublicKey> old_key = storage::LoadPublicKey(flags.from);
  if (!old_key.ok()) return AsUsage(old_key.status());
  const absl::StatusOr<merkle::PublicKey> new_key = storage::LoadPublicKey(flags.to);
  if (!new_key.ok()) return AsUsage(new_key.status());
  submission.mutable_key_rotated()->set_old_public_key(Bytes(*old_key));
  submission.mutable_key_rotated()->set_new_public_key(Bytes(*new_key));
  submission.mutable_key_rotated()->set_reason(flags.reason);
  return SubmitAndShow(session, submission, false, flags.waiting);
}

void AddSubmitter(CLI::App* verb, const std::shared_ptr<Flags>& flags) {
  verb->add_option("--submitter", flags->submitter, "Who submits")->capture_default_str();
  flags->waiting.AddTo(*verb);
}

}  // namespace

void AddKeygen(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("keygen", "Makes an Ed25519 key: OUT.key (private), OUT.vkey and OUT.pem (public)");
  verb->add_option("NAME", flags->name, "Name of the key, without spaces; of a log's key: its origin")->required();
  verb->add_option("--out", flags->out, "Path without ending; a private key that exists is never overwritten")
      ->required();
  verb->add_flag("--witness", flags->witness, "A key that cosigns checkpoints");
  verb->add_flag("--pem", flags->pem, "Writes the private key as PKCS#8 PEM, not as a note key");
  verb->footer(
      "Examples:\n"
      "  hattama keygen cec.example/authority --out keys/authority\n"
      "  hattama keygen watchdog.example/witness --witness --out keys/witness");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Keygen(session, *flags); }; });
}

void AddGrant(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("grant", "Grants a key its office; signed by the authority");
  verb->add_option("ELECTION", flags->election, "Id of the election; not needed for an auditor of the whole ledger");
  verb->add_option("--to", flags->to, "The public key: verifier key, file of one, PEM file, or 64 hex digits")
      ->required();
  verb->add_option("--role", flags->role, "commission, monitor, court-registry or auditor")->required();
  verb->add_option("--holder", flags->holder, "Whose key it is; else the name of the verifier key");
  verb->add_option("--source", flags->sources, "Source it speaks for, any number of times");
  verb->add_option("--unit", flags->unit, "Unit in whose subtree it may act; else the whole area");
  verb->add_option("--contest", flags->contests, "Contest in which it may act, any number of times; else all");
  verb->add_option("--stage", flags->stages, "preliminary, final or corrected, any number of times; else all");
  AddSubmitter(verb, flags);
  verb->footer(
      "Examples:\n"
      "  hattama grant kz-mazhilis-2023 --key authority.key --to tec-almaty.vkey --role commission --source precinct "
      "--unit almaty\n"
      "  hattama grant --key authority.key --to auditor.vkey --role auditor");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Grant(session, *flags); }; });
}

void AddRevoke(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("revoke", "Revokes a key; signed by the authority or by the key itself");
  verb->add_option("KEY", flags->from, "The public key: verifier key, file of one, PEM file, or 64 hex digits")
      ->required();
  verb->add_option("--election", flags->election, "In this election alone; else everywhere and for ever");
  verb->add_option("--reason", flags->reason, "Why")->required();
  AddSubmitter(verb, flags);
  verb->footer("Example:\n  hattama revoke tec-almaty.vkey --key authority.key --reason \"laptop stolen\"");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Revoke(session, *flags); }; });
}

void AddRotate(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("rotate", "Puts a new key in the place of an old one, with all it may do");
  verb->add_option("OLD", flags->from, "The public key that holds now, or the authority's")->required();
  verb->add_option("--to", flags->to, "The new public key")->required();
  verb->add_option("--reason", flags->reason, "Why")->required();
  AddSubmitter(verb, flags);
  verb->footer("Example:\n  hattama rotate old.vkey --key old.key --to new.vkey --reason \"yearly change\"");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Rotate(session, *flags); }; });
}

}  // namespace hattama::cli
