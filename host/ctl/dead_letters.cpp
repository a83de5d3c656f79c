#include "ctl/confirm.h"
#include "ctl/failure.h"
#include "ctl/members.h"
#include "ctl/output.h"
#include "ctl/tool.h"
#include "ctl/window.h"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>

// penstockctl dead-letters: what was given up, and what becomes of it.

namespace penstock::ctl {
namespace {

namespace json = boost::json;

constexpr std::size_t kIdCharacters = 36;
constexpr std::uint64_t kCap = 100;  // when nothing says how many
constexpr const char* kPath = "/api/dead-letters";

/// The options that choose dead letters, by the names that the API has for them.
struct Filter {
  struct Option {
    const char* name;
    const char* help;
  };
  static constexpr Option kOptions[] = {
      {"reason", "Only with exactly this reason"},
      {"provider", "Only of this provider"},
      {"cause", "Only with this cause, as `causes` shows it"},
      {"kind", "Only outbound_message, inbound_message or delivery_status"},
      {"customer", "Only of this customer"},
      {"since", "Only dead since this time, such as 2026-03-01T12:00:00Z"},
      {"before", "Only dead before this time"},
      {"age", "Only dead for so long at least, such as 36h"},
  };

  void addTo(CLI::App& command) {
    for (std::size_t i = 0; i < std::size(kOptions); ++i)
      command.add_option("--" + std::string(kOptions[i].name), values[i], kOptions[i].help);
  }
  Query query() const {
    Query query;
    for (std::size_t i = 0; i < std::size(kOptions); ++i)
      if (values[i]) query.emplace_back(kOptions[i].name, *values[i]);
    return query;
  }
  json::object object() const {
    json::object object;
    for (const auto& [name, value] : query()) object.emplace(name, value);
    return object;
  }

  std::array<std::optional<std::string>, std::size(kOptions)> values;
};

/// What one of the commands was asked.
struct Order {
  Filter filter;
  std::vector<std::string> ids;
  std::uint64_t page = 1;
  std::uint64_t limit = 50;
  std::optional<std::uint64_t> cap;
  std::optional<std::string> spread;
  bool all = false;
  bool yes = false;
};

/// The path of one. What is no id must not reach the path, where it could mean something else.
std::string pathOf(const std::string& id) {
  const bool plain = id.size() == kIdCharacters && std::all_of(id.begin(), id.end(), [](unsigned char c) {
                       return std::isxdigit(c) != 0 || c == '-';
                     });
  if (!plain)
    throw Failure(Exit::Usage, "'" + printable(id) + "' is no id; ids are UUIDs, as `dead-letters list` shows");
  return std::string(kPath) + "/" + id;
}

void list(const Tool& tool, const Order& order) {
  Query query = order.filter.query();
  query.emplace_back("page", std::to_string(order.page));
  query.emplace_back("limit", std::to_string(order.limit));
  const Answer answer = tool.client().get(kPath, query);
  if (tool.json) {
    std::cout << answer.text << '\n';
    return;
  }
  const json::array& items = arrayOf(answer.body, "items");
  Table table({"ID", "DEAD AT", "KIND", "PROVIDER", "TRIES", "REPLAYS", "CAUSE", "REASON"});
  for (const json::value& item : items)
    table.add({cell(item, "id"), cell(item, "dead_at"), cell(item, "kind"), cell(item, "provider"),
               cell(item, "attempts"), cell(item, "replays"), cell(item, "cause"), cell(item, "reason")});
  constexpr std::array<std::size_t, 5> kSpare{5, 2, 4, 6, 3};
  if (!items.empty()) table.print(std::cout, columnsOfOutput(), kSpare);
  const std::uint64_t total = numberOf(answer.body.at("meta"), "total");
  std::cout << std::to_string(items.size()) << " of " << plural(total, "dead letter");
  if (order.page * order.limit < total) std::cout << "; --page " << order.page + 1 << " shows more";
  std::cout << '\n';
}

void causes(const Tool& tool, const Order& order) {
  const Answer answer = tool.client().get(std::string(kPath) + "/causes", order.filter.query());
  if (tool.json) {
    std::cout << answer.text << '\n';
    return;
  }
  const json::array& items = arrayOf(answer.body, "items");
  if (items.empty()) {
    std::cout << "no dead letters\n";
    return;
  }
  Table table({"COUNT", "CAUSE", "FIRST", "LAST", "FOR EXAMPLE"});
  for (const json::value& item : items)
    table.add({cell(item, "count"), cell(item, "cause"), cell(item, "first_dead_at"), cell(item, "last_dead_at"),
               cell(item, "reason")});
  constexpr std::array<std::size_t, 2> kSpare{2, 3};
  table.print(std::cout, columnsOfOutput(), kSpare);
}

void showMembers(const json::value& object, const std::string& indent) {
  for (const auto& [name, value] : object.as_object()) {
    if (value.is_object() && name != "metadata") {
      std::cout << indent << printable(name) << ":\n";
      showMembers(value, indent + "  ");
    } else if (name == "failures") {
      std::cout << indent << "failures:\n";
      for (const json::value& failure : value.as_array())
        std::cout << indent << "  " << cell(failure, "at") << "  attempt " << cell(failure, "attempt") << "  "
                  << cell(failure, "reason") << '\n';
    } else {
      std::cout << indent << printable(name) << ": " << cell(object, std::string(name).c_str()) << '\n';
    }
  }
}

void show(const Tool& tool, const Order& order) {
  const Answer answer = tool.client().get(pathOf(order.ids.at(0)));
  if (tool.json)
    std::cout << answer.text << '\n';
  else
    showMembers(answer.body, "");
}

/// Refuses what would be left out or contradicts itself.
void checkReplay(const Order& order, bool filtered, bool one) {
  if (order.all && (filtered || !order.ids.empty()))
    throw Failure(Exit::Usage, "--all is every dead letter; leave it out to replay only what ids or options choose");
  if (!order.all && !filtered && order.ids.empty())
    throw Failure(Exit::Usage, "name the dead letters by id or choose them by options; --all means every one");
  if (one && (order.cap || order.spread))
    throw Failure(Exit::Usage, std::string(order.cap ? "--cap" : "--spread") +
                                   " is for more than one dead letter; leave it out, or name or choose more");
}

void replay(const Tool& tool, const Order& order) {
  json::object filter = order.filter.object();
  const bool one = order.ids.size() == 1 && filter.empty();
  checkReplay(order, !filter.empty(), one);
  if (!order.ids.empty()) {
    json::array ids;
    for (const std::string& id : order.ids) {
      (void)pathOf(id);
      ids.emplace_back(id);
    }
    filter.emplace("ids", std::move(ids));
  }
  std::uint64_t cap = order.cap.value_or(order.ids.empty() ? kCap : order.ids.size());
  if (!order.ids.empty()) cap = std::min<std::uint64_t>(cap, order.ids.size());
  const std::string spread = order.spread.value_or("0s");
  if (order.ids.size() != 1)
    confirm("Replay up to " + plural(cap, "dead letter") + " over " + printable(spread) + "?", order.yes);
  const Answer answer = one ? tool.client().post(pathOf(order.ids.front()) + "/replay", json::object())
                            : tool.client().post(std::string(kPath) + "/replay",
                                                 json::object{{"filter", filter}, {"cap", cap}, {"spread", spread}});
  if (tool.json)
    std::cout << answer.text << '\n';
  else
    std::cout << plural(numberOf(answer.body, "replayed"), "dead letter") << " replayed\n";
}

void discard(const Tool& tool, const Order& order) {
  std::vector<std::string> paths;
  for (const std::string& id : order.ids) paths.push_back(pathOf(id));
  confirm("Remove " + plural(order.ids.size(), "dead letter") + " for good?", order.yes);
  Client client = tool.client();
  std::uint64_t discarded = 0;
  std::string missing;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    try {
      discarded += numberOf(client.remove(paths[i]).body, "discarded");
    } catch (const Failure& failure) {
      if (failure.exit != Exit::NotFound) {
        std::cerr << "penstockctl: " << plural(discarded, "dead letter") << " had been removed before this:\n";
        throw;
      }
      missing += (missing.empty() ? "" : ", ") + order.ids[i];
    }
  }
  if (tool.json)
    std::cout << json::serialize(json::object{{"discarded", discarded}}) << '\n';
  else
    std::cout << plural(discarded, "dead letter") << " removed\n";
  if (!missing.empty()) throw Failure(Exit::NotFound, "there is no dead letter " + missing);
}

}  // namespace

void addDeadLetters(CLI::App& app, const Tool& tool) {
  CLI::App& group = *app.add_subcommand("dead-letters", "What was given up: read, replay, discard");
  group.require_subcommand(1);
  const auto add = [&](const char* name, const char* help, void (*work)(const Tool&, const Order&), auto&& options) {
    CLI::App& command = *group.add_subcommand(name, help);
    const auto order = std::make_shared<Order>();
    options(command, *order);
    command.callback([&tool, order, work] { work(tool, *order); });
  };
  add("list", "List dead letters, newest first", &list, [](CLI::App& command, Order& order) {
    order.filter.addTo(command);
    command.add_option("--page", order.page, "Which page")->check(CLI::Range(1, 1'000'000'000))->capture_default_str();
    command.add_option("--limit", order.limit, "How many a page")->check(CLI::Range(1, 50))->capture_default_str();
  });
  add("show", "Show one with its message and everything that went wrong", &show,
      [](CLI::App& command, Order& order) { command.add_option("id", order.ids, "Its id")->required()->expected(1); });
  add("causes", "Group them by what they died of, the most frequent first", &causes,
      [](CLI::App& command, Order& order) { order.filter.addTo(command); });
  add("replay", "Put them back on the queue, the oldest first", &replay, [](CLI::App& command, Order& order) {
    command.add_option("ids", order.ids, "Ids; at most 100");
    order.filter.addTo(command);
    command.add_option("--cap", order.cap, "So many at most, the oldest; without ids " + std::to_string(kCap))
        ->check(CLI::Range(1, 100'000));
    command.add_option("--spread", order.spread, "Over how long they become ready, such as 10m; at most 7d");
    command.add_flag("--all", order.all, "Every dead letter, up to the cap; goes with no other choice");
    command.add_flag("-y,--yes", order.yes, "Do not ask");
  });
  add("discard", "Remove them for good", &discard, [](CLI::App& command, Order& order) {
    command.add_option("ids", order.ids, "Ids")->required();
    command.add_flag("-y,--yes", order.yes, "Do not ask");
  });
}

}  // namespace penstock::ctl
