// Between an elector, whose callbacks come on a thread of the library, and the loop of `run`.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "cli/wake.h"
#include "mongoelector/elector.h"

namespace mongoelector::cli {

// Promise: the lease is not given up while work is under way: onmasterloss returns when end_work()
// was called, or if no work was begun under its term.
class Leadership {
 public:
  explicit Leadership(Clock& clock) : clock_(clock) {}

  // For ElectorOptions.
  void onmaster(const Term& term);
  void onmasterloss();
  void onloop();

  // Readable when something has changed.
  int fd() const { return wake_.fd(); }
  void clear() { wake_.clear(); }

  // The term that has not ended yet, as far as the elector has told.
  std::optional<Term> term() const;
  // Whether the store was looked at since the last call.
  bool looked();
  // False: the term has ended meanwhile, and no work may begin.
  bool begin_work();
  void end_work();

 private:
  Clock& clock_;
  Wake wake_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::optional<Term> term_;
  bool working_ = false;
  bool looked_ = false;
};

}  // namespace mongoelector::cli
