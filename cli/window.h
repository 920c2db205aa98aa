// The windows of `once`: which one it is now, and that it is taken.
//
// Where it stands: in the store's control row of election "once/NAME", as a pause that ends with
// the window: until then nobody starts NAME. So it is written by compare-and-swap (S14): of all who
// saw the window free exactly one gets it, however old what they saw, and whatever became of the
// lock meanwhile. A lease could not keep it, as leases end with a reboot; nor a row of the history,
// which is gone after 30 days and has no compare-and-swap.
#pragma once

#include <optional>
#include <string>

#include "mongoelector/store.h"

namespace mongoelector::cli {

// When the window ends in which `now` is. Aligned: counted from 1970, else from now.
WallTime window_end(WallTime now, Duration length, bool aligned);

class Window {
 public:
  // Who has taken it, and until when.
  struct Taken {
    std::string by;
    WallTime until;
  };

  // Throws ArgumentError if the name is too long for this.
  Window(LeaseStore& store, std::string_view name, Duration length, bool aligned);

  // By the store's clock. Throws StoreError.
  std::optional<Taken> look() const;
  // Takes it for `by`. Nothing: it is ours, as the store has confirmed. Throws StoreError; then
  // nobody may act on it, though it may be taken.
  std::optional<Taken> take(const std::string& by);
  // Gives back what take() took, so that somebody else may have it. Throws StoreError.
  void give_back();

 private:
  LeaseStore& store_;
  const Key key_;
  const Duration length_;
  const bool aligned_;
  Pause ours_;
};

}  // namespace mongoelector::cli
