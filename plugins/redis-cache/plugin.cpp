#include "penstock/plugin.h"

#include "redis-cache/config.h"
#include "redis-cache/redis_cache.h"

#include <memory>
#include <mutex>

namespace penstock::redis_cache {

namespace {

class RedisCachePlugin final : public Plugin {
public:
  void start(Context& context) override {
    auto cache =
        std::make_unique<RedisCache>(Settings::read(context.config), context.metrics, context.clock, context.log);
    context.provide<Cache>(*cache);
    std::lock_guard guard(mutex_);
    cache_ = std::move(cache);
  }

  void stop(SteadyTime deadline) noexcept override {
    if (cache_) cache_->stop(deadline);
  }

  Health health() override {
    std::lock_guard guard(mutex_);
    return cache_ ? cache_->health() : Health{};
  }

private:
  std::mutex mutex_;
  std::unique_ptr<RedisCache> cache_;  // set once, under mutex_
};

constexpr std::string_view kProvides[] = {Cache::kInterface};

constexpr Descriptor kDescriptor{
    .fingerprint = PENSTOCK_FINGERPRINT,
    .name = PENSTOCK_PLUGIN_NAME,
    .version = "0.1.0",
    .summary = "Remembers the ids of sent messages in Redis for a while.",
    .provides = kProvides,
    .requires_ = {},
    .rows = kRows,
    .create = [] { return static_cast<Plugin*>(new RedisCachePlugin); },
};

}  // namespace

}  // namespace penstock::redis_cache

PENSTOCK_PLUGIN(penstock::redis_cache::kDescriptor)
