#pragma once

#include <string>

namespace penstock::ctl {

/// A line on stderr that is written over as the work goes on; nothing where stderr is no terminal that can be drawn on.
/// It is gone when the object is, so that results stand alone.
class Progress {
public:
  Progress();
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const std::string& text);

  /// With a bar before the text; `done` is the share from 0 to 1.
  void show(double done, const std::string& text) { show(bar(done) + " " + text); }

  /// Takes the line away until the next show.
  void clear();

  static std::string bar(double done);

private:
  const bool terminal_;
  bool shown_ = false;
};

}  // namespace penstock::ctl
