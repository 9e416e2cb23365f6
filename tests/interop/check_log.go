// Checks a published log with the Go checksum database's own packages (golang.org/x/mod/sumdb), which know nothing of
// Hattama, and writes a small log of theirs for Hattama to check.
//
//	check_log DIR OUT
//
// The layout of DIR and OUT is in published_log.cc. Of the formats that those packages do not have (tile URLs, cosignatures,
// tlog-proof, add-checkpoint) this program has readers of its own, written from the specifications.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "check_log: "+format+"\n", args...)
	os.Exit(1)
}

func must(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func read(parts ...string) []byte {
	data, err := os.ReadFile(filepath.Join(parts...))
	must(err, "reading")
	return data
}

func write(data []byte, parts ...string) {
	path := filepath.Join(parts...)
	must(os.MkdirAll(filepath.Dir(path), 0o755), "making a folder")
	must(os.WriteFile(path, data, 0o644), "writing")
}

func names(parts ...string) []string {
	entries, err := os.ReadDir(filepath.Join(parts...))
	must(err, "listing")
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	if len(found) == 0 {
		fail("%s is empty", filepath.Join(parts...))
	}
	return found
}

// hashes keeps every stored hash of a growing log, as the checksum database numbers them.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("no stored hash %d", index)
		}
		found[i] = h[index]
	}
	return found, nil
}

func (h *hashes) add(n int64, record []byte) {
	more, err := tlog.StoredHashes(n, record, *h)
	must(err, "hashing")
	*h = append(*h, more...)
}

// cosigner verifies signatures of type 0x04: eight bytes of time, then Ed25519 over time and checkpoint.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	must(err, "the witness's key id")
	key, err := base64.StdEncoding.DecodeString(parts[2])
	must(err, "the witness's key")
	if len(key) != 33 || key[0] != 4 {
		fail("%s is no key for cosignatures", vkey)
	}
	digest := sha256.Sum256([]byte(parts[0] + "\n" + string(key)))
	if binary.BigEndian.Uint32(digest[:4]) != uint32(hash) {
		fail("%s has another key id", vkey)
	}
	return cosigner{parts[0], uint32(hash), ed25519.PublicKey(key[1:])}
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(text), sig[8:])
}

// open verifies a checkpoint and returns its tree.
func open(data []byte, verifiers note.Verifiers, signatures int) tlog.Tree {
	opened, err := note.Open(data, verifiers)
	must(err, "opening a checkpoint")
	if len(opened.Sigs) != signatures || len(opened.UnverifiedSigs) != 0 {
		fail("%d good signatures and %d of strangers, not %d and 0", len(opened.Sigs), len(opened.UnverifiedSigs), signatures)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != opened.Sigs[0].Name {
		fail("a checkpoint of %q", opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "the size")
	root, err := tlog.ParseHash(lines[2])
	must(err, "the root")
	return tlog.Tree{N: size, Hash: root}
}

// head splits "first\nhash\n...\n\nrest" into the first line, the hashes and the rest.
func head(data []byte) (string, []tlog.Hash, []byte) {
	end := bytes.Index(data, []byte("\n\n"))
	if end < 0 {
		fail("no empty line in %q", data)
	}
	lines := strings.Split(string(data[:end]), "\n")
	var proof []tlog.Hash
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		must(err, "a hash of a proof")
		proof = append(proof, hash)
	}
	return lines[0], proof, data[end+2:]
}

// url is the path of a tile in tlog-tiles, which the checksum database writes with a height that tlog-tiles has not.
func url(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), "tile/8/")
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

func checkTiles(dir string, sizes []int64, stored hashes) int {
	expected := map[string]bool{}
	old := int64(0)
	for _, size := range sizes {
		for _, tile := range tlog.NewTiles(8, old, size) {
			// The package of 2022 names the partial tiles of the sizes in between too, which nobody signed.
			if tile.W < 256 && int64(tile.W) != size>>(8*tile.L)%256 {
				continue
			}
			expected[url(tile)] = true
			want, err := tlog.ReadTileData(tile, stored)
			must(err, "a tile")
			if got := read(dir, url(tile)); !bytes.Equal(got, want) {
				fail("%s has %d bytes, and other ones than the %d that are due", url(tile), len(got), len(want))
			}
			if tile.L == 0 {
				tile.L = -1
				expected[url(tile)] = true
			}
		}
		old = size
	}
	count := 0
	must(filepath.Walk(filepath.Join(dir, "tile"), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		if err == nil && !expected[relative] {
			err = errors.New(relative + " is no tile of this log")
		}
		count++
		return err
	}), "walking the tiles")
	if count != len(expected) {
		fail("%d tiles and bundles, not %d", count, len(expected))
	}
	return count
}

// readRecords takes all records out of the bundles of a log of this size.
func readRecords(dir string, size int64) [][]byte {
	var records [][]byte
	for int64(len(records)) < size {
		tile := tlog.Tile{H: 8, L: -1, N: int64(len(records)) / 256, W: 256}
		if left := size - int64(len(records)); left < 256 {
			tile.W = int(left)
		}
		data := read(dir, url(tile))
		for i := 0; i < tile.W; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				fail("%s ends in record %d", url(tile), i)
			}
			length := int(binary.BigEndian.Uint16(data))
			records = append(records, data[2:2+length])
			data = data[2+length:]
		}
		if len(data) != 0 {
			fail("%s has %d bytes too many", url(tile), len(data))
		}
	}
	return records
}

func check(dir string) {
	log, err := note.NewVerifier(strings.TrimSpace(string(read(dir, "log.vkey"))))
	must(err, "the log's key")
	both := note.VerifierList(log, newCosigner(strings.TrimSpace(string(read(dir, "witness.vkey")))))

	trees := map[int64]tlog.Tree{}
	var sizes []int64
	for _, name := range names(dir, "checkpoints") {
		data := read(dir, "checkpoints", name)
		tree := open(data, both, 2)
		if name != strconv.FormatInt(tree.N, 10) {
			fail("checkpoint %s is of size %d", name, tree.N)
		}
		trees[tree.N] = tree
		sizes = append(sizes, tree.N)
		// A check that cannot fail shows nothing.
		data[len(data)-5] ^= 1
		if _, err := note.Open(data, both); err == nil {
			fail("a changed checkpoint opens")
		}
	}
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] < sizes[j] })
	size := sizes[len(sizes)-1]

	records := readRecords(dir, size)
	var stored hashes
	for i, record := range records {
		stored.add(int64(i), record)
	}
	for n, tree := range trees {
		root, err := tlog.TreeHash(n, stored)
		must(err, "a root")
		if n == 0 {
			root = sha256.Sum256(nil) // The package of 2022 has zeros here; RFC 6962 has the hash of nothing.
		}
		if root != tree.Hash {
			fail("the root of size %d is %v, signed is %v", n, root, tree.Hash)
		}
	}
	tiles := checkTiles(dir, sizes, stored)

	proofs := 0
	for _, name := range names(dir, "proofs") {
		data := read(dir, "proofs", name)
		data = bytes.TrimPrefix(data, []byte("c2sp.org/tlog-proof@v1\n"))
		var extra []byte
		if bytes.HasPrefix(data, []byte("extra ")) {
			end := bytes.IndexByte(data, '\n')
			extra, err = base64.StdEncoding.DecodeString(string(data[6:end]))
			must(err, "extra data")
			data = data[end+1:]
		}
		first, proof, checkpoint := head(data)
		index, err := strconv.ParseInt(strings.TrimPrefix(first, "index "), 10, 64)
		must(err, name)
		tree := open(checkpoint, both, 2)
		if extra != nil && !bytes.Equal(extra, records[index]) {
			fail("%s has other extra data than record %d", name, index)
		}
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(records[index])), name)
		if tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash([]byte("another record"))) == nil {
			fail("%s proves another record", name)
		}
		proofs++
	}

	consistent := 0
	for _, name := range names(dir, "requests") {
		first, proof, checkpoint := head(read(dir, "requests", name))
		old, err := strconv.ParseInt(strings.TrimPrefix(first, "old "), 10, 64)
		must(err, name)
		tree := open(checkpoint, note.VerifierList(log), 1)
		if name != fmt.Sprintf("%d-%d", old, tree.N) {
			fail("request %s is from %d to %d", name, old, tree.N)
		}
		if old == 0 {
			if len(proof) != 0 {
				fail("%s has a proof", name)
			}
			continue
		}
		must(tlog.CheckTree(proof, tree.N, tree.Hash, old, trees[old].Hash), name)
		if old < tree.N && tlog.CheckTree(proof, tree.N, tree.Hash, old, tlog.RecordHash([]byte("another record"))) == nil {
			fail("%s proves another old tree", name)
		}
		consistent++
	}
	fmt.Printf("check_log: %d records, %d checkpoints, %d tiles and bundles, %d records proved, %d pairs of trees consistent\n",
		len(records), len(sizes), tiles, proofs, consistent)
}

// produce writes a log made by the checksum database's packages alone.
func produce(out string) {
	const count = 300
	random := rand.New(rand.NewSource(1))
	private, public, err := note.GenerateKey(random, "go.example/log")
	must(err, "a key")
	signer, err := note.NewSigner(private)
	must(err, "a signer")
	write([]byte(public+"\n"), out, "log.vkey")

	var stored hashes
	signed := func(n int64) []byte {
		root, err := tlog.TreeHash(n, stored)
		must(err, "a root")
		if n == 0 {
			root = sha256.Sum256(nil)
		}
		data, err := note.Sign(&note.Note{Text: fmt.Sprintf("go.example/log\n%d\n%v\n", n, root)}, signer)
		must(err, "signing")
		return data
	}
	lines := func(proof []tlog.Hash) string {
		text := ""
		for _, hash := range proof {
			text += hash.String() + "\n"
		}
		return text
	}
	for i := int64(0); i < count; i++ {
		record := make([]byte, random.Intn(50))
		random.Read(record)
		write(record, out, "records", strconv.FormatInt(i, 10))
		stored.add(i, record)
	}
	for n := int64(0); n <= count; n += 1 + n/5 {
		for old := int64(0); old <= n; old += 1 + old/5 {
			var proof tlog.TreeProof
			if 0 < old && old < n {
				proof, err = tlog.ProveTree(n, old, stored)
				must(err, "proving")
			}
			body := fmt.Sprintf("old %d\n%s\n%s", old, lines(proof), signed(n))
			write([]byte(body), out, "requests", fmt.Sprintf("%d-%d", old, n))
		}
	}
	for i := int64(0); i < count; i += 1 + i/10 {
		n := i + 1 + random.Int63n(count-i)
		proof, err := tlog.ProveRecord(n, i, stored)
		must(err, "proving")
		text := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n%s\n%s", i, lines(proof), signed(n))
		write([]byte(text), out, "proofs", fmt.Sprintf("%d.tlog-proof", i))
	}
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: check_log DIR OUT")
	}
	check(os.Args[1])
	produce(os.Args[2])
}
