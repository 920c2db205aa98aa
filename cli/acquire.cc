#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/host_name.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/deadline.h"
#include "cli/script_lease.h"
#include "mongoelector/locker.h"

namespace mongoelector::cli {

namespace {

class AcquireCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "acquire",
        .group = "Script pieces",
        .summary = "take a lock for a while, print its token and return",
        .usage = "NAME --ttl DUR [flags]",
        .examples = {{"token=$(mongoelector acquire nightly --ttl 10m) || exit",
                      "then: renew, release --token"}},
        .details =
            "Nothing keeps the lock: it is over after the ttl, unless renewed in time. Whoever\n"
            "has the token may renew and release it. Be done well before the ttl is over, counted\n"
            "from the start of this command; `lock NAME -- COMMAND` sees to that by itself.\n"
            "Exits 75 if somebody holds it.\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("NAME", name_, "the lock").required();
    add_duration(flags, "--ttl", ttl_, "how long it is held").required();
    flags.add_option("--as", label_, "a name for this holder, shown to others").type_name("NAME");
    flags.add_option("--note", note_, "shown to others").type_name("TEXT");
  }

  int run(Context& context) override {
    const Target target = parse_target(name_, Kind::lock);
    ScriptLease lease;
    {
      const Deadline deadline(context, "; it may be held all the same, for one ttl");
      const Connection connection = open_connection(context);
      // Sends nothing, but knows which ttl and which texts can work here.
      const MongoLocker check(connection.session, target.name,
                              {.ttl = ttl_, .label = label_, .note = note_});
      lease = acquire(connection, check.key());
    }
    // Only now: closing the connection has cut the tie between the lease and this process.
    lease.answer(context);
    return 0;
  }

 private:
  ScriptLease acquire(const Connection& connection, const Key& key) const {
    LeaseStore& store = connection.session->store();
    // The script's process, which is there as long as the lock is used; this one is not.
    const ClaimRequest request{.key = key,
                               .holder = {.uuid = internal::new_uuid(),
                                          .host = store.shared()
                                                      ? internal::qualified_host_name()
                                                      : internal::host_name(),
                                          .pid = getppid(),
                                          .label = label_,
                                          .note = note_},
                               .lease_id = internal::new_lease_id(),
                               .ttl = ttl_};
    store.maintain({});  // no session is there later to do it
    ClaimReply reply = store.claim(request);
    // A repeat with the same lease_id is the same lease.
    if (reply.outcome == Outcome::unknown) reply = store.claim(request);
    if (reply.outcome == Outcome::held) refuse(store, key);
    const Lease lease{.key = key, .id = request.lease_id, .token = reply.token, .ttl = ttl_};
    if (reply.outcome != Outcome::granted) {
      if (reply.outcome == Outcome::unknown) store.release(lease);
      require_answer(reply.outcome, reply.detail, "acquiring " + internal::show_key(key));
    }
    // With the first renewal the token is at every store, for others to name the lease by.
    return renew_lease(connection, lease, request.holder);
  }

  [[noreturn]] static void refuse(LeaseStore& store, const Key& key) {
    const ReadReply read = store.read(key);
    if (!read.record) throw Failure(Exit::busy, internal::show_key(key) + " is held by another");
    throw Failure(Exit::busy,
                  fmt::format("{} is held by {}, lease ends in {}", internal::show_key(key),
                              describe_holder(*read.record), brief(read.record->remaining)),
                  {}, holder_json(read.record->holder));
  }

  std::string name_;
  Duration ttl_{};
  std::string label_;
  std::string note_;
};

}  // namespace

std::unique_ptr<Command> make_acquire() { return std::make_unique<AcquireCommand>(); }

}  // namespace mongoelector::cli
