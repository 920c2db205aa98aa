#include "base/host_name.h"

#include <netdb.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "base/thread.h"

namespace mongoelector::internal {

struct NameLookUp::Answer {
  std::mutex mutex;
  std::condition_variable given;
  std::optional<std::string> name;

  void give(std::string answer) {
    const std::lock_guard lock(mutex);
    name = std::move(answer);
    given.notify_all();
  }
};

NameLookUp::NameLookUp(std::function<std::string()> ask) : answer_(std::make_shared<Answer>()) {
  try {
    start_thread([answer = answer_, ask = std::move(ask)] {
      std::string name;
      try {
        name = ask();
      } catch (const std::exception&) {  // no answer
      }
      answer->give(std::move(name));
    }).detach();
  } catch (const std::exception&) {
    answer_->give({});
  }
}

std::string NameLookUp::get(Duration patience) const {
  std::unique_lock lock(answer_->mutex);
  answer_->given.wait_until(lock, began_ + patience, [&] { return answer_->name.has_value(); });
  return answer_->name.value_or("");
}

namespace {

constexpr Duration kPatience = std::chrono::seconds(1);

std::string look_up_host_name() {
  std::string result = host_name();
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(result.c_str(), nullptr, &hints, &found) == 0) {
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
      if (entry->ai_canonname != nullptr && std::strchr(entry->ai_canonname, '.') != nullptr) {
        result = entry->ai_canonname;
        break;
      }
    }
    freeaddrinfo(found);
  }
  return result;
}

// Of this process: in a child the thread that asks is missing. Never freed, because a thread that
// is left behind may ask at any time.
const NameLookUp& own_name() {
  struct Asked {
    pid_t by = getpid();
    NameLookUp name{look_up_host_name};
  };
  static std::atomic<const Asked*> asked = nullptr;
  const Asked* known = asked.load();
  if (known != nullptr && known->by == getpid()) return known->name;
  const auto* mine = new Asked;
  if (asked.compare_exchange_strong(known, mine)) return mine->name;
  delete mine;
  return known->name;
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

void begin_qualified_host_name() { own_name(); }

std::string qualified_host_name() {
  std::string name = own_name().get(kPatience);
  return name.empty() ? host_name() : name;
}

}  // namespace mongoelector::internal
