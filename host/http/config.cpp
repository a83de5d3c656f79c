#include "http/config.h"

namespace penstock {
namespace {

ListenerOptions adminListener(const Config& section, const std::string& data_directory) {
  ListenerOptions options;
  options.address = section.text("admin.address");
  options.port = static_cast<std::uint16_t>(section.integer("admin.port"));
  if (!options.address.empty()) return options;
  options.unix_path = section.text("admin.socket");
  if (options.unix_path.empty()) options.unix_path = data_directory + "/admin.sock";
  return options;
}

}  // namespace

HttpOptions httpOptions(const Config& section, const std::string& data_directory) {
  const auto count = [&](std::string_view key) { return static_cast<std::size_t>(section.integer(key)); };
  HttpOptions options;
  options.public_listener =
      ListenerOptions{section.text("public.address"), static_cast<std::uint16_t>(section.integer("public.port")), {}};
  options.admin_listener = adminListener(section, data_directory);
  options.threads = count("threads");
  options.max_connections = count("max_connections");
  options.max_body = section.size("max_body");
  options.max_header_bytes = section.size("max_header_bytes");
  options.max_uri = section.size("max_uri");
  options.max_fields = count("max_fields");
  options.max_buffered = section.size("max_buffered");
  options.max_write_buffer = section.size("max_write_buffer");
  options.max_pipelined = count("max_pipelined");
  options.max_linger = section.size("max_linger");
  options.header_timeout = section.duration("header_timeout");
  options.body_timeout = section.duration("body_timeout");
  options.idle_timeout = section.duration("idle_timeout");
  options.write_timeout = section.duration("write_timeout");
  options.linger_timeout = section.duration("linger_timeout");
  return options;
}

}  // namespace penstock
