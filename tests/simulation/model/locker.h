// A program with a MongoLocker, used by several threads.
#pragma once

#include "mongoelector/locker.h"
#include "simulation/model/process.h"

namespace mongoelector::simulation {

class Locker : public Process {
 public:
  using Process::Process;

 private:
  std::optional<Validity> look() override;
  void make(const std::shared_ptr<Session>& session) override;
  void destroy() override;
  void call_something(bool from_callback) override;
  void hold_on() override;
  void let_calls_return() override;
  bool exists() const override { return locker_ != nullptr; }

  void acquire(const AcquireOptions& options);
  void touch();
  void on_lost(Token token);

  std::unique_ptr<MongoLocker> locker_;
  std::stop_source cancel_;
  int acquiring_ = 0;
};

}  // namespace mongoelector::simulation
