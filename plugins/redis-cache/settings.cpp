#include "redis-cache/settings.h"

#include "penstock/plugin.h"
#include "redis-cache/config.h"

#include <stdexcept>

namespace penstock::redis_cache {

namespace {

Url readUrl(const Config& section) {
  try {
    return Url::parse(section.secret(row::kUrl).reveal());
  } catch (const std::invalid_argument& fault) {
    throw StartFailure("redis-cache." + std::string(row::kUrl) + " cannot be read: " + fault.what(), true);
  }
}

}  // namespace

Settings Settings::read(const Config& section) {
  Settings settings;
  settings.url = readUrl(section);
  settings.ttl = section.duration(row::kTtl);
  settings.prefix = section.text(row::kPrefix);
  settings.listed = static_cast<std::size_t>(section.integer(row::kListed));
  settings.queue = static_cast<std::size_t>(section.integer(row::kQueue));
  settings.batch = static_cast<std::size_t>(section.integer(row::kBatch));
  settings.connect_timeout = section.duration(row::kConnectTimeout);
  settings.timeout = section.duration(row::kTimeout);
  settings.read_timeout = section.duration(row::kReadTimeout);
  settings.ca_file = section.text(row::kCaFile);
  settings.reconnect = {section.duration(row::kReconnectFirst), section.duration(row::kReconnectLongest)};
  return settings;
}

}  // namespace penstock::redis_cache
