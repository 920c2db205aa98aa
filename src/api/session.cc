#include "session/abandon.h"
#include "session/runtime.h"

namespace mongoelector {

namespace {

std::shared_ptr<LeaseStore> required_store(std::shared_ptr<LeaseStore> store) {
  if (!store) throw ArgumentError("the store is null");
  return store;
}

}  // namespace

Session::Session(std::shared_ptr<LeaseStore> store, ConnectOptions options)
    : runtime_(std::make_shared<internal::Runtime>(required_store(std::move(store)),
                                                   std::move(options))) {}

Session::~Session() {
  if (runtime_->same_process()) {
    runtime_->finish();
  } else {
    internal::abandon(std::move(runtime_));
  }
}

LeaseStore& Session::store() const { return runtime_->store(); }
Clock& Session::clock() const { return runtime_->clock(); }
int Session::threads() const { return runtime_->threads(); }

}  // namespace mongoelector
