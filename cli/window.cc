#include "cli/window.h"

#include <chrono>

#include "base/text.h"
#include "cli/records.h"

namespace mongoelector::cli {

namespace {

using std::chrono::milliseconds;

// Ends change_control() before it writes.
struct AlreadyTaken {
  Window::Taken taken;
};

struct NotOurs {};

void refuse_taken(const ControlRow& row, WallTime now) {
  if (row.pause && now < row.pause->until)
    throw AlreadyTaken{{.by = row.pause->by, .until = row.pause->until}};
}

}  // namespace

WallTime window_end(WallTime now, Duration length, bool aligned) {
  // Stores keep milliseconds. A window may be a little too long, never too short.
  const auto start = std::chrono::ceil<milliseconds>(now).time_since_epoch();
  const auto whole = std::chrono::ceil<milliseconds>(length);
  const auto from = aligned ? start - start % whole : start;
  return WallTime(from + whole);
}

Window::Window(LeaseStore& store, std::string_view name, Duration length, bool aligned)
    : store_(store),
      key_(Key::election("once/" + std::string(name))),
      length_(length),
      aligned_(aligned) {}

std::optional<Window::Taken> Window::look() const {
  const ControlReply reply = store_.read_control(key_);
  require_answer(reply.outcome, reply.detail, "reading the window of " + internal::show_key(key_));
  try {
    if (reply.row) refuse_taken(*reply.row, reply.time);
  } catch (const AlreadyTaken& found) {
    return found.taken;
  }
  return std::nullopt;
}

std::optional<Window::Taken> Window::take(const std::string& by) {
  try {
    const ReleaseReply reply =
        change_control(store_, key_, [&](ControlRow& row, WallTime now) {
          refuse_taken(row, now);
          ours_ = {.until = window_end(now, length_, aligned_), .reason = "started", .by = by};
          row.pause = ours_;
        });
    require_answer(reply.outcome, reply.detail, "taking the window of " + internal::show_key(key_));
  } catch (const AlreadyTaken& found) {
    return found.taken;
  }
  return std::nullopt;
}

void Window::give_back() {
  try {
    const ReleaseReply reply = change_control(store_, key_, [&](ControlRow& row, WallTime) {
      if (!row.pause || row.pause->until != ours_.until || row.pause->by != ours_.by)
        throw NotOurs{};
      row.pause.reset();
    });
    require_answer(reply.outcome, reply.detail,
                   "giving back the window of " + internal::show_key(key_));
  } catch (const NotOurs&) {  // an operator was faster
  }
}

}  // namespace mongoelector::cli
