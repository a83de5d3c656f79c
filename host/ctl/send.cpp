#include "ctl/failure.h"
#include "ctl/interrupt.h"
#include "ctl/members.h"
#include "ctl/output.h"
#include "ctl/progress.h"
#include "ctl/tool.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>
#include <memory>
#include <optional>

// penstockctl send: one message, and with --wait its way until nothing more is to be expected of it.

namespace penstock::ctl {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestBody = std::size_t{256} << 10;  // what the listener takes by default
constexpr std::chrono::milliseconds kLook{200};

struct Order {
  std::string from;
  std::string to;
  std::string body;
  std::string subject;
  std::vector<std::string> attachments;
  std::string key;
  std::string customer;
  bool wait = false;
  std::uint32_t seconds = 60;
};

std::string bodyOf(const Order& order) {
  if (order.body != "-") return order.body;
  std::string text(kLongestBody + 1, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::cin.gcount()));
  if (text.size() > kLongestBody) throw Failure(Exit::Usage, "the body on standard input is longer than 256 KB");
  return text;
}

json::object messageOf(const Order& order, std::string_view type) {
  json::object message{{"from", order.from}, {"to", order.to}, {"body", bodyOf(order)}};
  if (type != "email") message.emplace("type", std::string(type));
  if (!order.subject.empty()) message.emplace("subject", order.subject);
  if (!order.attachments.empty())
    message.emplace("attachments", json::array(order.attachments.begin(), order.attachments.end()));
  if (!order.key.empty()) message.emplace("idempotencyKey", order.key);
  if (!order.customer.empty()) message.emplace("customerId", order.customer);
  return message;
}

/// How the way of a message has ended, or nothing while it goes on. What is unknown may yet be looked up or repeated,
/// unless its last attempt was final.
std::optional<Exit> endOf(const std::string& status, const json::array& attempts) {
  if (status == "sent" || status == "delivered" || status == "read") return Exit::Done;
  if (status == "failed" || status == "dead") return Exit::NotSent;
  const json::value* last = attempts.empty() ? nullptr : member(attempts.back(), "final");
  const bool over = last != nullptr && last->is_bool() && last->get_bool();
  return status == "unknown" && over ? std::optional<Exit>(Exit::NotSent) : std::nullopt;
}

/// Tells each step of a message's way once, as it is seen.
class Way {
public:
  Way(const Tool& tool, std::string id) : tool_(tool), client_(tool.client()), id_(std::move(id)) {}

  /// [throws: Failure unless it was sent]
  void follow(std::chrono::seconds patience) {
    const Interrupt interrupt;
    Progress progress;
    const auto begin = Clock::now();
    for (;;) {
      if (const auto end = look(progress)) return conclude(*end);
      const double waited = std::chrono::duration<double>(Clock::now() - begin).count();
      if (Clock::now() - begin >= patience)
        throw Failure(Exit::TooLong, "the message goes on; after " + span(waited) + " it is " + status_);
      progress.show(waited / static_cast<double>(patience.count()), status_ + " for " + span(waited));
      pause(kLook);
      Interrupt::check();
    }
  }

private:
  std::optional<Exit> look(Progress& progress) {
    if (!read("/api/messages/")) {
      if (!read("/api/dead-letters/")) return std::nullopt;  // not persisted yet
      // It may have been persisted, tried and given up between the two answers; then its message tells more.
      if (!read("/api/messages/")) {
        status_ = "dead";
        return Exit::NotSent;
      }
    }
    const json::array& attempts = arrayOf(message_, "attempts");
    for (; told_ < attempts.size(); ++told_) tell(progress, attemptText(attempts[told_]));
    const std::string status = printable(textIn(message_, "status"));
    if (status != status_) tell(progress, status_ = status);
    return endOf(status, attempts);
  }

  /// What is known of it there, or false when nothing is.
  bool read(const std::string& place) {
    try {
      message_ = client_.get(place + id_).body;
      return true;
    } catch (const Failure& failure) {
      if (failure.exit != Exit::NotFound) throw;
      return false;
    }
  }

  static std::string attemptText(const json::value& attempt) {
    std::string text = "attempt " + cell(attempt, "number") + " " + cell(attempt, "outcome");
    if (member(attempt, "provider") != nullptr) text += " by " + cell(attempt, "provider");
    if (member(attempt, "http_status") != nullptr) text += ", HTTP " + cell(attempt, "http_status");
    if (member(attempt, "error") != nullptr) text += ": " + cell(attempt, "error");
    return text;
  }

  void tell(Progress& progress, const std::string& step) const {
    if (tool_.json) return;
    progress.clear();
    std::cout << step << std::endl;
  }

  void conclude(Exit end) const {
    if (tool_.json) std::cout << json::serialize(message_) << '\n';
    if (end == Exit::Done) return;
    std::string why = "the message is " + status_;
    if (member(message_, "reason") != nullptr) why += ": " + cell(message_, "reason");
    if (status_ == "unknown") why += "; nobody knows whether it was sent, and it is not sent again by itself";
    throw Failure(end, why);
  }

  const Tool& tool_;
  Client client_;
  const std::string id_;
  json::value message_;
  std::string status_ = "accepted";
  std::size_t told_ = 0;
};

void send(const Tool& tool, const Order& order, std::string_view type) {
  const char* path = type == "email" ? "/api/messages/email" : "/api/messages/sms";
  const Answer answer = tool.client().post(path, messageOf(order, type));
  const std::string id = textIn(answer.body, "id");
  if (id.empty()) throw Failure(Exit::Unexpected, "the answer has no id");
  if (tool.json)
    std::cout << answer.text << std::endl;
  else
    std::cout << "accepted " << printable(id) << (answer.replayed ? ", which an earlier call has sent" : "")
              << std::endl;
  if (order.wait) Way(tool, id).follow(std::chrono::seconds(order.seconds));
}

void addType(CLI::App& group, const Tool& tool, const char* type, const char* help) {
  CLI::App& command = *group.add_subcommand(type, help);
  const auto order = std::make_shared<Order>();
  const bool mail = std::string_view(type) == "email";
  command.add_option("--from", order->from, mail ? "Sender's address" : "Sender: a number, short code or name")
      ->required();
  command.add_option("--to", order->to, mail ? "Recipient's address" : "Recipient's number")->required();
  command.add_option("--body", order->body, "Text; - reads it from standard input")->required();
  if (mail) command.add_option("--subject", order->subject, "Subject");
  if (std::string_view(type) != "sms")
    command.add_option("--attach", order->attachments, "URL of an attachment; may be repeated")
        ->required(!mail)
        ->allow_extra_args(false);
  command.add_option("--key", order->key, "Idempotency key: the same one again is the same message");
  command.add_option("--customer", order->customer, "Whose message it is");
  command.add_flag("--wait", order->wait, "Show its way until it is sent, has failed or is given up");
  command.add_option("--for", order->seconds, "Seconds to wait at most")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  command.callback([&tool, order, kind = std::string(type)] { send(tool, *order, kind); });
}

}  // namespace

void addSend(CLI::App& app, const Tool& tool) {
  CLI::App& group = *app.add_subcommand("send", "Send one message");
  group.require_subcommand(1);
  addType(group, tool, "sms", "Send a text message");
  addType(group, tool, "mms", "Send a text message with attachments");
  addType(group, tool, "email", "Send an e-mail");
}

}  // namespace penstock::ctl
