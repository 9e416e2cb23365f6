#include "services/server/listen_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/domain/text.h"

namespace hattama::server {
namespace {

using domain::Text;

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

absl::StatusOr<Addresses> Resolve(const ListenAddress& address) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = absl::StrCat(address.port);
  if (const int error = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &list); error != 0) {
    return absl::NotFoundError(absl::StrCat("host \"", address.host, "\" does not resolve: ", gai_strerror(error)));
  }
  return Addresses(list);
}

bool IsLoopback(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  if (address.sa_family == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
  }
  return false;
}

}  // namespace

std::string ListenAddress::ToString() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return is_v6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  const auto malformed = [&](const char* why) {
    return absl::InvalidArgumentError(absl::StrCat("\"", Text(text), "\" is not HOST:PORT: ", why));
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed("there is no port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return malformed("an IPv6 host stands in brackets");
  }
  if (host.empty()) return malformed("there is no host");
  ListenAddress address{.host = std::string(host)};
  if (port.empty() || !absl::SimpleAtoi(Text(port), &address.port) || address.port < 0 || address.port > 65'535) {
    return malformed("the port is not in 0..65535");
  }
  return address;
}

absl::StatusOr<bool> IsLoopback(const ListenAddress& address) {
  const absl::StatusOr<Addresses> resolved = Resolve(address);
  if (!resolved.ok()) return resolved.status();
  for (const addrinfo* one = resolved->get(); one != nullptr; one = one->ai_next) {
    if (!IsLoopback(*one->ai_addr)) return false;
  }
  return true;
}

absl::Status CheckBindable(const ListenAddress& address) {
  const absl::StatusOr<Addresses> resolved = Resolve(address);
  if (!resolved.ok()) return resolved.status();
  int last_error = 0;
  bool bound_any = false;
  for (const addrinfo* one = resolved->get(); one != nullptr; one = one->ai_next) {
    const int socket_fd = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (socket_fd < 0) {
      last_error = errno;  // For example no IPv6 on this machine: another address may do.
      continue;
    }
    const int on = 1;
    setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (one->ai_family == AF_INET6) setsockopt(socket_fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    const bool bound = bind(socket_fd, one->ai_addr, one->ai_addrlen) == 0;
    if (!bound) last_error = errno;
    bound_any = bound_any || bound;
    close(socket_fd);
    if (!bound && last_error == EADDRINUSE) break;
  }
  if (last_error == EADDRINUSE || !bound_any) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen on ", address.ToString(), ": ", std::strerror(last_error)));
  }
  return absl::OkStatus();
}

}  // namespace hattama::server
