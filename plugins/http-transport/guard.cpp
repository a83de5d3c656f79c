#include "http-transport/guard.h"

#include <algorithm>
#include <string_view>

namespace penstock::http_transport {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

HostList::HostList(std::span<const std::string> entries, std::vector<std::string>& faults) {
  for (const std::string& written : entries) {
    std::string_view text = trimmed(written);
    if (text.empty()) continue;
    Entry entry;
    std::optional<Address> address;
    try {
      if (const auto bare = parseAddress(std::string(text))) {
        entry.host = toText(*bare);
      } else {
        entry.suffix = text.starts_with('.');
        if (entry.suffix) text.remove_prefix(1);
        const auto colon = text.rfind(':');
        if (colon != std::string_view::npos && !text.ends_with(']')) {
          entry.port = parsePort(text.substr(colon + 1));
          if (!entry.port) throw MalformedUrl("");
          text = text.substr(0, colon);
        }
        readHost(text, entry.host, address);
        if (entry.suffix && address) throw MalformedUrl("");
      }
      entries_.push_back(std::move(entry));
    } catch (const MalformedUrl&) {
      faults.push_back('"' + written + "\": expected a host, a .suffix or host:port");
    }
  }
}

bool HostList::contains(const Target& target) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    if (entry.port && *entry.port != target.port) return false;
    if (!entry.suffix) return entry.host == target.host;
    return !target.address && target.host.size() > entry.host.size() + 1 && target.host.ends_with(entry.host) &&
           target.host[target.host.size() - entry.host.size() - 1] == '.';
  });
}

std::optional<std::string> Guard::refuseTarget(const Target& target) const {
  if (allowed_.contains(target)) return std::nullopt;
  if (!target.secure)
    return target.authority() + " may only be reached by https; http-transport.allow (SSRF_ALLOWLIST) permits others";
  if (!ports_.contains(target.port))
    return "port " + std::to_string(target.port) + " of " + target.host +
           " is not in http-transport.ports; http-transport.allow (SSRF_ALLOWLIST) permits others";
  if (!target.address) return std::nullopt;
  auto refused = refuseAddresses(target, {&*target.address, 1});
  return refused ? std::optional(std::move(refused->sentence)) : std::nullopt;
}

std::optional<AddressRefusal> Guard::refuseAddresses(const Target& target, std::span<const Address> addresses) const {
  const bool allowed = allowed_.contains(target);
  if (allowed && target.address) return std::nullopt;
  for (const Address& address : addresses) {
    const Reach reach = classify(address);
    const bool near = reach == Reach::Private || reach == Reach::Loopback || reach == Reach::Carrier;
    if (reach == Reach::Public || (allowed && near)) continue;
    return AddressRefusal{target.host + (target.address ? " is " : " stands for ") + std::string(describe(reach)) +
                              (near ? "; http-transport.allow (SSRF_ALLOWLIST) permits others"
                                    : "; only an address in http-transport.allow (SSRF_ALLOWLIST) permits it"),
                          address};
  }
  return std::nullopt;
}

}  // namespace penstock::http_transport
