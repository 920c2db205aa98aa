#include <optional>

#include "base/text.h"
#include "cli/deadline.h"
#include "cli/script_lease.h"
#include "mongoelector/locker.h"

namespace mongoelector::cli {

namespace {

class RenewCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "renew",
        .group = "Script pieces",
        .summary = "renew a lock that was acquired for a while",
        .usage = "NAME --token N [flags]",
        .examples = {{"mongoelector renew nightly --token \"$token\"", "for the same time again"}},
        .details =
            "Exits 3 if nobody holds it any more, 75 if another lease is in force: then the lock\n"
            "is lost, and what it protects belongs to others.\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("NAME", name_, "the lock").required();
    add_token(flags, "--token", token_, "what acquire printed");
    add_duration(flags, "--ttl", ttl_, "how long from now; default: as before");
  }

  int run(Context& context) override {
    if (!token_) {
      throw Failure(Exit::usage, "renew needs --token N, which acquire printed",
                    "see: mongoelector help renew");
    }
    const Target target = parse_target(name_, Kind::lock);
    ScriptLease lease;
    {
      const Deadline deadline(context, "; it may be renewed all the same");
      const Connection connection = open_connection(context);
      const Record record = find_lease(connection.session->store(), name_, target, token_);
      const Duration ttl = ttl_.value_or(record.ttl);
      // Whoever holds it counts on what it was last given.
      if (ttl < record.ttl) {
        throw Failure(Exit::usage, "--ttl " + internal::show_duration(ttl) +
                                       " is shorter than the lease's own, " +
                                       internal::show_duration(record.ttl));
      }
      const MongoLocker check(connection.session, target.name, {.ttl = ttl});
      lease = renew_lease(
          connection,
          {.key = record.key, .id = record.lease_id, .token = record.token, .ttl = ttl},
          record.holder);
    }
    lease.answer(context);
    return 0;
  }

 private:
  std::string name_;
  std::optional<Token> token_;
  std::optional<Duration> ttl_;
};

}  // namespace

std::unique_ptr<Command> make_renew() { return std::make_unique<RenewCommand>(); }

}  // namespace mongoelector::cli
