// The store's hints as something to wait for.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "cli/wake.h"
#include "mongoelector/connect.h"

namespace mongoelector::cli {

// Subscribed while it exists, as far as the store lets it; without hints wait() is a plain pause.
class Hints {
 public:
  explicit Hints(std::shared_ptr<Session> session);
  ~Hints();
  Hints(const Hints&) = delete;
  Hints& operator=(const Hints&) = delete;

  // Blocks until something has changed at the store since the last call, or `until`. Returns at
  // most every few milliseconds, however many hints come.
  void wait(Instant until);

 private:
  void run();
  std::shared_ptr<Watch> subscribe();
  bool pause();

  const std::shared_ptr<Session> session_;
  Wake wake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Watch> watch_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace mongoelector::cli
