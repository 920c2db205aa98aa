// Word to systemd (sd_notify(3)): a few lines of text to the socket it names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/file_descriptor.h"
#include "mongoelector/lease.h"

namespace mongoelector::cli {

// Does nothing where there is no such socket. Takes what is meant for this process out of the
// environment, so that no command speaks in our name. Never blocks, never throws.
class Notifier {
 public:
  Notifier();

  void ready() { send("READY=1"); }
  void status(std::string_view text);
  // Stopping takes up to `within`.
  void stopping(Duration within);

  // How often alive() is expected; nothing if nobody waits for it.
  std::optional<Duration> watchdog() const { return watchdog_; }
  // Only when progress was seen.
  void alive() { send("WATCHDOG=1"); }

 private:
  void send(const std::string& text);

  std::string address_;  // empty: nobody listens; "@...": abstract
  FileDescriptor socket_;
  std::optional<Duration> watchdog_;
};

}  // namespace mongoelector::cli
