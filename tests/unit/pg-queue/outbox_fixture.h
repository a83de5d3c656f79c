#pragma once

#include <gtest/gtest.h>

#include <boost/json/object.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "penstock/dead_letters.h"
#include "penstock/queue.h"
#include "support/plugin_fixture.h"
#include "support/postgres_database.h"
#include "support/running_clock.h"

namespace penstock::test {

/// Comes back once `fact` is true; fails after half a minute.
template <typename Fact>
void until(Fact fact) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!fact()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it did not come";
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

inline std::string member(const Draft& draft, std::string_view name) {
  const auto* found = draft.members->if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

/// A database that applications enqueue into.
class OutboxDatabase {
public:
  const std::string& url() const { return url_; }

  /// What an application writes to enqueue a message.
  static std::string enqueue(const std::string& body, const std::string& more = {}) {
    return "SELECT penstock.enqueue('sms', '+15550100001', '+15550100002', '" + body + "'" +
           (more.empty() ? "" : ", " + more) + ");";
  }
  void script(const std::string& sql) { session_.script(sql); }
  std::int64_t left() { return number("SELECT count(*) FROM penstock.outbox"); }

  /// `sql` is a constant.
  std::int64_t number(std::string_view sql) {
    auto rows = session_.query(sql);
    rows.next();
    return rows.integer(0);
  }
  /// Enqueues it and says the id that the application gets.
  Uuid enqueued(const std::string& body) {
    auto rows =
        session_.query("SELECT penstock.enqueue('sms', '+15550100001', '+15550100002', $1)", std::string_view(body));
    rows.next();
    return rows.identity<Uuid>(0);
  }
  postgres::SessionOptions options() const { return sessionOptions(url_); }

private:
  const std::string url_ = migratedDatabase(PENSTOCK_MIGRATIONS);
  postgres::Session session_{sessionOptions(url_)};
};

/// A process that moves. Its policy takes the key that it is given, or recipient, body and time; refuses the body
/// "refused" while `strict`, and fails for "broken" while `broken`.
class Mover {
public:
  explicit Mover(const OutboxDatabase& database, Overrides overrides = {})
      : plugin(PENSTOCK_QUEUE_PLUGIN, &clock, with(std::move(overrides), database.url()), PENSTOCK_MIGRATIONS) {
    plugin.policy.on_admit = [this](const Draft& draft) { return admit(draft); };
  }
  void start() { plugin.start(); }

  Queue& queue() { return plugin.get<Queue>(); }
  DeadLetters& dead() { return plugin.get<DeadLetters>(); }
  double moved(const std::string& outcome) {
    return plugin.metrics.value("penstock_outbox_moved_total{outcome=\"" + outcome + "\"}");
  }

  /// The next events, in the order in which they are handed out; fewer when no more come in time.
  std::vector<Event> receive(std::size_t count) {
    std::vector<Event> events;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (events.size() < count && std::chrono::steady_clock::now() < deadline) {
      auto deliveries = queue().receive(500, std::chrono::seconds(60), std::chrono::milliseconds(100), {});
      std::vector<Settlement> done;
      for (Delivery& delivery : deliveries) {
        done.push_back({delivery.token, Done{}});
        events.push_back(std::move(delivery.event));
      }
      if (!done.empty()) queue().settle(done);
    }
    return events;
  }
  std::vector<std::string> bodies(std::size_t count) {
    std::vector<std::string> result;
    for (const Event& event : receive(count)) result.push_back(event.content.body);
    return result;
  }

  std::atomic<bool> strict{true};
  std::atomic<bool> broken{false};
  RunningClock clock;
  PluginFixture plugin;

private:
  static Overrides with(Overrides overrides, const std::string& url) {
    overrides.emplace("pg.url", url);
    overrides.emplace("outbox.poll", "5ms");
    return overrides;
  }

  Admission admit(const Draft& draft) const {
    Admission admission;
    const std::string body = member(draft, "body");
    if (body == "broken" && broken) return admission;
    if (body == "refused" && strict) {
      admission.verdict = Admission::Verdict::Rejected;
      admission.faults = {{"to", "must be a phone number"}, {"body", "must not be that"}};
      return admission;
    }
    std::string key = member(draft, "idempotencyKey");
    if (key.empty()) key = member(draft, "to") + body + member(draft, "timestamp");
    admission.verdict = Admission::Verdict::Admitted;
    Event& event = admission.event;
    event.id = Uuid::make(clock.wall());
    event.customer = "default";
    event.key = Digest128::of({"key", draft.route, key});
    event.fingerprint = Digest128::of({"fingerprint", body});
    event.conversation = "sms:" + member(draft, "to");
    event.request_id = draft.request_id;
    event.content.body = body;
    event.content.from = member(draft, "from");
    event.content.to = member(draft, "to");
    return admission;
  }
};

}  // namespace penstock::test
