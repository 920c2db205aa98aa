#include "simulation/model/situations.h"

#include <map>

namespace mongoelector::simulation {

namespace {

// One lease, as far as it has come.
struct Life {
  TrueTime claimed{};
  TrueTime renewing{};  // the request under way; zero: none
  TrueTime until{};
  bool granted = false;  // in time
  bool held = false;
  bool revoked = false;
  bool released = false;  // asked for
  bool removed = false;
};

class Counter {
 public:
  Counter(const Profile& profile, ProbeCounts& probes) : profile_(profile), probes_(probes) {}

  void take(const Fact& fact) {
    if (fact.lease == 0) return;
    Life& life = lives_[fact.lease];
    switch (fact.what) {
      case What::sends_claim:
        if (life.claimed != TrueTime()) hit(Probe::claim_repeated_under_same_lease);
        life.claimed = fact.when;
        return;
      case What::sends_renew:
        if (life.revoked && !life.released) hit(Probe::renewed_while_ceding);
        life.renewing = fact.when;
        return;
      case What::sends_release:
        if (life.released) hit(Probe::release_retried);
        life.released = true;
        return;
      case What::hears: return hears(fact, life);
      case What::holds:
        life.held = true;
        life.until = fact.until;
        return;
      case What::ends:
        if (fact.when >= life.until && life.renewing != TrueTime())
          hit(Probe::deadline_with_renewal_in_flight);
        return;
      case What::revoked: life.revoked = true; return;
      case What::removed: life.removed = true; return;
      case What::created:
        if (life.removed) hit(Probe::duplicate_claim_applied_after_release);
        return;
      default: return;
    }
  }

  void finish() {
    for (const auto& [lease, life] : lives_) {
      if (life.granted && !life.held) hit(Probe::grant_unwanted);
    }
  }

 private:
  void hears(const Fact& fact, Life& life) {
    const bool granted = static_cast<Outcome>(fact.detail) == Outcome::granted;
    if (granted && fact.token == 0 && life.renewing != TrueTime() && fact.when >= life.until &&
        life.until != TrueTime())
      hit(Probe::renewal_confirmed_after_deadline);
    life.renewing = {};
    if (!granted || fact.token == 0) return;
    const internal::Timing& timing = profile_.timing;
    const bool late = fact.when - life.claimed >= timing.ttl - timing.margin;
    if (late) hit(Probe::grant_after_its_deadline);
    life.granted = !late;
  }

  void hit(Probe probe) { ++probes_[static_cast<std::size_t>(probe)]; }

  const Profile& profile_;
  ProbeCounts& probes_;
  std::map<std::int64_t, Life> lives_;
};

}  // namespace

void count_situations(const History& history, const Profile& profile, ProbeCounts& probes) {
  Counter counter(profile, probes);
  for (const Fact& fact : history) counter.take(fact);
  counter.finish();
}

}  // namespace mongoelector::simulation
