#include "loader/plugin_set.h"

#include <ranges>

namespace penstock {

PluginSet::PluginSet(const std::vector<const Descriptor*>& order, InterfaceRegistry& interfaces, Log log)
    : interfaces_(interfaces), log_(log) {
  for (const Descriptor* descriptor : order) members_.push_back({descriptor, nullptr, nullptr});
  states_.of_member.assign(members_.size(), State::Waiting);
}

PluginSet::~PluginSet() {
  stop(SteadyTime{});
  while (!members_.empty()) members_.pop_back();
}

void PluginSet::enter(std::size_t index, State state) {
  std::lock_guard guard(states_.mutex);
  states_.of_member[index] = state;
}

void PluginSet::startOne(Member& member, const HostServices& services) {
  member.context = std::make_unique<PluginContext>(*member.descriptor, services, interfaces_);
  member.plugin.reset(member.descriptor->create());
  if (!member.plugin) throw StartFailure("was not created");
  member.to_stop = true;
  member.plugin->start(*member.context);
  member.context->closeStart();
}

void PluginSet::start(const HostServices& services) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const std::string name(members_[i].descriptor->name);
    std::string reason = "threw something that is no std::exception";
    bool configuration = false;
    try {
      startOne(members_[i], services);
      enter(i, State::Running);
      log_.information("plugin.started", "plugin started", {{"plugin", name}});
      continue;
    } catch (const StartFailure& failure) {
      reason = failure.what();
      configuration = failure.configuration;
    } catch (const std::exception& failure) {
      reason = failure.what();
    } catch (...) {
      log_.error("plugin.foreign_exception", reason, {{"plugin", name}});
    }
    stop(services.clock.now() + kGiveUp);
    throw StartFailure(name + " did not start: " + reason, configuration);
  }
}

void PluginSet::migrate(const HostServices& services,
                        const std::function<void(const std::string& plugin, const std::string& sentence)>& said) {
  for (const Member& member : members_) {
    const std::string name(member.descriptor->name);
    PluginContext context(*member.descriptor, services, interfaces_);
    const std::unique_ptr<Plugin> plugin(member.descriptor->create());
    try {
      if (!plugin) continue;
      if (const std::string sentence = plugin->migrate(context); !sentence.empty()) said(name, sentence);
    } catch (const StartFailure& failure) {
      throw StartFailure(name + " did not migrate: " + failure.what(), failure.configuration);
    } catch (const std::exception& failure) {
      throw StartFailure(name + " did not migrate: " + failure.what());
    }
  }
}

void PluginSet::stop(SteadyTime deadline) noexcept {
  for (std::size_t i = members_.size(); i-- > 0;) {
    Member& member = members_[i];
    if (!std::exchange(member.to_stop, false)) continue;
    enter(i, State::Stopped);
    member.plugin->stop(deadline);
    interfaces_.withdraw(member.descriptor->name);
    log_.information("plugin.stopped", "plugin stopped", {{"plugin", member.descriptor->name}});
  }
}

std::vector<std::string> PluginSet::reload(const std::function<const Config&(std::string_view plugin)>& section) {
  std::vector<std::string> refusals;
  for (Member& member : members_) {
    if (!member.to_stop) continue;
    try {
      member.plugin->reload(section(member.descriptor->name));
    } catch (const std::exception& refused) {
      refusals.push_back(std::string(member.descriptor->name) + " keeps its old settings: " + refused.what());
    }
  }
  return refusals;
}

std::vector<PluginHealth> PluginSet::health() {
  std::lock_guard guard(states_.mutex);
  std::vector<PluginHealth> all;
  all.reserve(members_.size());
  for (std::size_t i = 0; i < members_.size(); ++i) {
    PluginHealth& one = all.emplace_back(PluginHealth{std::string(members_[i].descriptor->name), {}});
    if (states_.of_member[i] != State::Running) {
      const bool waits = states_.of_member[i] == State::Waiting;
      one.health = {HealthState::Down, waits ? "it has not started yet" : "it has stopped"};
      continue;
    }
    try {
      one.health = members_[i].plugin->health();
    } catch (const std::exception& failure) {
      one.health = {HealthState::Down, std::string("it cannot tell its health: ") + failure.what()};
    }
  }
  return all;
}

}  // namespace penstock
