// A program with a MongoElector.
#pragma once

#include <memory>
#include <optional>

#include "mongoelector/elector.h"
#include "simulation/model/process.h"

namespace mongoelector::simulation {

class Candidate : public Process {
 public:
  using Process::Process;

 private:
  std::optional<Validity> look() override;
  void make(const std::shared_ptr<Session>& session) override;
  void destroy() override { elector_.reset(); }
  void call_something(bool from_callback) override;
  void hold_on() override;
  void let_calls_return() override;
  bool exists() const override { return elector_ != nullptr; }

  void start(bool blocking);
  void stop();
  void onmaster(const Term& term);
  void onmasterloss(const Term& term);

  std::unique_ptr<MongoElector> elector_;
  std::optional<Term> latest_;  // what is left to look at while elector_ is being destroyed
};

}  // namespace mongoelector::simulation
