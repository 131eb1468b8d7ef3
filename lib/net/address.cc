#include "net/address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "base/format.h"

namespace psmith::net {
namespace {

constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t kNameBytesMax = 200;

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses lookup(const Address& address, int socktype, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = socktype;
  addrinfo* list = nullptr;
  const auto port = std::to_string(address.port);
  if (getaddrinfo(address.host.c_str(), port.c_str(), &hints, &list) != 0) {
    return {};
  }
  return Addresses(list);
}

// A name is its v4 number where it has one (localhost is 127.0.0.1 to whoever
// listens and to whoever connects), else its v6 number.
Addresses lookup(const Address& address, int socktype) {
  if (!is_ipv6(address)) {
    if (auto list = lookup(address, socktype, AF_INET)) return list;
  }
  return lookup(address, socktype, AF_INET6);
}

bool is_ipv4(const std::string& host) {
  in_addr bytes;
  return inet_pton(AF_INET, host.c_str(), &bytes) == 1;
}

std::string host_of(const sockaddr_storage& from) {
  char text[INET6_ADDRSTRLEN] = {};
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&from);
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&from);
  const void* bytes = from.ss_family == AF_INET6
                          ? static_cast<const void*>(&v6->sin6_addr)
                          : static_cast<const void*>(&v4->sin_addr);
  if (!inet_ntop(from.ss_family, bytes, text, sizeof(text))) return {};
  return text;
}

std::string reason_of(int error_number) {
  switch (error_number) {
    case 0:
      return {};
    case ECONNREFUSED:
      return "refused";
    case EHOSTUNREACH:
    case EHOSTDOWN:
      return "host unreachable";
    case ENETUNREACH:
      return "network unreachable";
    case ETIMEDOUT:
      return "timed out";
    case ENOENT:
      return "no such file";
    case EACCES:
    case EPERM:
      return "no permission";
    default:
      return std::strerror(error_number);
  }
}

std::string try_connect(int family, const sockaddr* to, socklen_t size,
                        Duration timeout) {
  const Descriptor fd(
      socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return reason_of(errno);
  if (connect(fd.get(), to, size) == 0) return {};
  if (errno != EINPROGRESS) return reason_of(errno);
  pollfd item{fd.get(), POLLOUT, 0};
  const auto wait =
      std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  const auto ready =
      ::poll(&item, 1, static_cast<int>(std::clamp<long>(wait, 1, 60000)));
  if (ready <= 0) return "timed out";
  int fault = 0;
  socklen_t fault_size = sizeof(fault);
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &fault, &fault_size);
  return reason_of(fault);
}

Error malformed(std::string_view text, std::string_view why) {
  return error(Code::invalid,
               "bad address '{}': {} (tcp://HOST:PORT, ipc:///PATH)", text,
               why);
}

bool good_host_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
}

bool good_host(std::string_view host, bool bracketed) {
  if (host.empty() || host.size() > kHostBytesMax) return false;
  if (bracketed) {
    in6_addr bytes;
    return inet_pton(AF_INET6, std::string(host).c_str(), &bytes) == 1;
  }
  return host == "*" || std::all_of(host.begin(), host.end(), good_host_char);
}

Result<Address> parse_tcp(std::string_view text, std::string_view rest) {
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return malformed(text, "no port");
  auto host = rest.substr(0, colon);
  const auto port_text = rest.substr(colon + 1);
  const bool bracketed =
      host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!good_host(host, bracketed)) return malformed(text, "bad host");
  Address address;
  address.host = host;
  const auto* end = port_text.data() + port_text.size();
  const auto [stop, fault] =
      std::from_chars(port_text.data(), end, address.port);
  if (fault != std::errc{} || stop != end) {
    return malformed(text, "bad port: 0 to 65535");
  }
  return address;
}

}  // namespace

bool is_ipv6(const Address& address) {
  return address.host.find(':') != std::string::npos;
}

bool over_ipv6(const Address& address) {
  if (address.transport != Transport::tcp || address.host == "*") return false;
  if (is_ipv6(address)) return true;
  if (is_ipv4(address.host)) return false;
  const auto list = lookup(address, SOCK_STREAM);
  return list && list->ai_family == AF_INET6;
}

std::string Address::text() const {
  switch (transport) {
    case Transport::ipc:
      return "ipc://" + path;
    case Transport::inproc:
      return "inproc://" + path;
    case Transport::tcp:
      break;
  }
  return is_ipv6(*this) ? format("tcp://[{}]:{}", host, port)
                        : format("tcp://{}:{}", host, port);
}

Result<Address> parse_address(std::string_view text) {
  const auto rest_after = [&](std::string_view scheme) {
    return text.substr(scheme.size());
  };
  if (text.find('\0') != std::string_view::npos) {
    return malformed("...", "a NUL byte in it");
  }
  if (text.starts_with("tcp://")) return parse_tcp(text, rest_after("tcp://"));
  const bool ipc = text.starts_with("ipc://");
  if (!ipc && !text.starts_with("inproc://")) {
    return malformed(text, "no transport");
  }
  const auto path = rest_after(ipc ? "ipc://" : "inproc://");
  if (path.empty()) return malformed(text, "no name");
  if (path.size() > (ipc ? kPathBytesMax : kNameBytesMax)) {
    return malformed(text, "name too long");
  }
  Address address;
  address.transport = ipc ? Transport::ipc : Transport::inproc;
  address.path = path;
  return address;
}

Result<Address> parse_peer_address(std::string_view text) {
  PSM_TRY(auto address, parse_address(text));
  if (address.transport != Transport::tcp) return address;
  if (address.port == 0) return malformed(text, "port 0 cannot be reached");
  if (is_wildcard(text)) return malformed(text, "a wildcard is no peer");
  return address;
}

bool is_loopback(std::string_view text) {
  auto address = parse_address(text);
  return address && is_loopback(*address);
}

bool is_loopback(const Address& a) {
  if (a.transport != Transport::tcp) return true;
  in_addr v4;
  if (inet_pton(AF_INET, a.host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127;
  }
  return a.host == "localhost" || a.host == "::1";
}

bool is_wildcard(std::string_view text) {
  auto address = parse_address(text);
  if (!address || address->transport != Transport::tcp) return false;
  const auto& host = address->host;
  return host == "*" || host == "0.0.0.0" || host == "::";
}

Result<std::string> interface_towards(std::string_view peer) {
  PSM_TRY(const auto address, parse_peer_address(peer));
  if (address.transport != Transport::tcp) return std::string("127.0.0.1");
  const auto list = lookup(address, SOCK_DGRAM);
  if (!list) {
    return error(Code::unavailable, "no such host: {}", address.host);
  }
  const Descriptor fd(socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage from{};
  socklen_t size = sizeof(from);
  // Connecting a datagram socket sends nothing: it only chooses the route.
  if (fd.get() < 0 || connect(fd.get(), list->ai_addr, list->ai_addrlen) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&from), &size) != 0) {
    return error(Code::unavailable, "no route to {} ({})", address.host,
                 reason_of(errno));
  }
  return host_of(from);
}

Result<std::string> numeric_host(const Address& address) {
  if (address.host == "*") return address.host;
  const auto list = lookup(address, SOCK_STREAM);
  if (!list) return error(Code::invalid, "no such host: {}", address.host);
  sockaddr_storage found{};
  std::memcpy(&found, list->ai_addr, list->ai_addrlen);
  return host_of(found);
}

std::string probe(const Address& address, Duration timeout) {
  if (address.transport == Transport::inproc) return {};
  if (address.transport == Transport::ipc) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address.path.data(),
                std::min(address.path.size(), kPathBytesMax));
    return try_connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&to),
                       sizeof(to), timeout);
  }
  const auto list = lookup(address, SOCK_STREAM);
  if (!list) return "no such host";
  return try_connect(list->ai_family, list->ai_addr, list->ai_addrlen, timeout);
}

}  // namespace psmith::net
