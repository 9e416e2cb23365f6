// Keys in files: note-style text or PEM. A private key that others may read is refused.
#ifndef HATTAMA_STORAGE_KEYS_KEY_FILE_H_
#define HATTAMA_STORAGE_KEYS_KEY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "storage/merkle/ed25519.h"
#include "storage/merkle/signed_note.h"

namespace hattama::storage {

// Each error names the path and what is wrong: NotFound and PermissionDenied for the file, InvalidArgument for its text.

// A private key: "PRIVATE+KEY+..." or PKCS#8 PEM, whose name is then empty.
absl::StatusOr<merkle::NamedSigningKey> LoadPrivateKey(const std::string& path);

// A public key: a verifier key (on the command line or in a file), SubjectPublicKeyInfo PEM in a file, or 64 hex
// digits. `name` receives the name of a verifier key.
absl::StatusOr<merkle::PublicKey> LoadPublicKey(const std::string& text_or_path, std::string* name = nullptr);

// A verifier key, on the command line or in a file.
absl::StatusOr<merkle::NoteKey> LoadVerifierKey(const std::string& text_or_path);

}  // namespace hattama::storage

#endif  // HATTAMA_STORAGE_KEYS_KEY_FILE_H_
