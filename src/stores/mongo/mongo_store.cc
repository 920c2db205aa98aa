#include "stores/mongo/mongo_store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/text.h"
#include "mongoelector/error.h"
#include "stores/mongo/deployment.h"
#include "stores/mongo/driver.h"
#include "stores/mongo/lock_documents.h"
#include "stores/mongo/mongo_watch.h"
#include "stores/mongo/outcomes.h"
#include "stores/mongo/privileges.h"
#include "stores/mongo/record_rows.h"
#include "stores/mongo/status_rows.h"
#include "stores/mongo/tokens.h"

namespace mongoelector::internal {

namespace {

using namespace mongo;  // NOLINT: the parts of this store

constexpr int kDuplicateKey = 11000;
constexpr int kClaimTries = 3;

// What sends one more try of the same claim at once: the race of two first claims, and a set that
// was just initiated and has no logical clock yet.
bool claim_again(const Server& server, const Answer& answer) {
  if (answer.failure)
    return answer.failure->source == Source::server && answer.failure->code == kDuplicateKey;
  return server.role != Role::standalone && !operation_time(answer.reply).known();
}

// Locks in a collection that has another use would be taken for something else.
Names names_of(const ConnectOptions& options) {
  const std::string& prefix = options.collection_prefix;
  Names names{.locks = prefix + options.lock_collection};
  const auto taken = [](const std::string& name) {
    return name.starts_with("elector.") || name.starts_with("system.");
  };
  if (options.lock_collection.empty() || taken(options.lock_collection) || taken(names.locks) ||
      names.locks.find_first_of(std::string_view("\0$", 2)) != std::string::npos) {
    throw ConnectError(ConnectProblem::bad_uri,
                       "locks cannot be kept in the collection " + quoted(names.locks));
  }
  for (const std::string& name : status_collections(options.python_fleet))
    names.status.push_back(prefix + name);
  for (const std::string& name : status_collections(PythonFleet::both))
    names.read_status.push_back(prefix + name);
  for (std::string* name : {&names.elections, &names.history, &names.control})
    name->insert(0, prefix);
  return names;
}

template <class Reply>
Reply failed(const Failure& failure, Phase phase) {
  return {.outcome = outcome_of(failure, phase), .detail = failure.message};
}

class MongoStore : public LeaseStore {
 public:
  MongoStore(const std::string& uri, const ConnectOptions& options)
      : shared_driver_(std::make_shared<Driver>(uri, options.application)),
        takeover_(options.takeover),
        fleet_(options.python_fleet) {
    names_ = names_of(options);
    names_.database = !options.database.empty()    ? options.database
                      : !driver_.database().empty() ? driver_.database()
                                                    : "mongoelector";
    Deployment found = check_deployment(driver_, names_);
    greeted_at_ = found.time;
    opening_.warnings = std::move(found.warnings);
  }

  // By this machine's clock.
  void opened(WallTime before, WallTime after) {
    if (greeted_at_)
      opening_.time = {.before = before, .store = *greeted_at_, .after = after};
  }

  ClaimReply claim(const ClaimRequest& request) override {
    Call call = driver_.begin();
    if (call.failure()) return failed<ClaimReply>(*call.failure(), Phase::claim);
    const std::string& collection = collection_of(request.key.kind());
    const Bson command = claim_command(collection, request, judging(call.server()));
    Answer answer = call.write(names_.database, command);
    for (int tries = 1; tries < kClaimTries && claim_again(call.server(), answer); ++tries)
      answer = call.write(names_.database, command);
    if (answer.failure) {
      return {.outcome = outcome_of(*answer.failure, Phase::claim),
              .detail = explain(call, *answer.failure, names_.database, collection)};
    }
    const auto document = part(*answer.reply, "value");
    if (!document) return {.detail = "the server's reply shows no document"};
    if (text(**document, "lease_id") == request.lease_id.str())
      return numbered(call, request, answer.reply);
    const Decoded decoded = decode(request.key.kind(), **document);
    if (const auto* damaged = std::get_if<Damaged>(&decoded))
      return {.outcome = Outcome::damaged, .detail = show_key(request.key) + ": " + damaged->why};
    if (const auto* record = std::get_if<Record>(&decoded))
      return {.outcome = Outcome::held, .record = *record};
    return {.detail = "the server's reply shows a document that was free"};
  }

  RenewReply renew(std::span<const Lease> leases) override {
    RenewReply reply;
    if (leases.empty()) return reply;
    reply.outcomes.resize(leases.size(), Outcome::unknown);
    Call call = driver_.begin();
    for (const Kind kind : {Kind::lock, Kind::election}) renew_kind(call, kind, leases, reply);
    return reply;
  }

  ReleaseReply release(const Lease& lease) override {
    stored_.forget(lease.id);
    return remove(lease.key, "lease_id", lease.id.str());
  }

  ReleaseReply break_lease(const Record& seen) override {
    if (seen.lease_id.empty()) return remove(seen.key, "uuid", seen.holder.uuid);
    return remove(seen.key, "lease_id", seen.lease_id.str());
  }

  ReadReply read(const Key& key) override {
    Call call = driver_.begin();
    if (call.failure()) return failed<ReadReply>(*call.failure(), Phase::read);
    const Rows rows = call.find(names_.database, collection_of(key.kind()),
                                key_filter(key.name()), shown_as_rows(judging(call.server())));
    if (rows.failure) return failed<ReadReply>(*rows.failure, Phase::read);
    if (rows.documents.empty()) return {.outcome = Outcome::granted};
    const Decoded decoded = decode_row(key.kind(), *rows.documents.front());
    if (const auto* damaged = std::get_if<Damaged>(&decoded))
      return {.outcome = Outcome::damaged, .detail = show_key(key) + ": " + damaged->why};
    if (const auto* record = std::get_if<Record>(&decoded))
      return {.outcome = Outcome::granted, .record = *record};
    return {.outcome = Outcome::granted};
  }

  ListReply list(Kind kind, const std::string& prefix) override {
    Call call = driver_.begin();
    if (call.failure()) return failed<ListReply>(*call.failure(), Phase::read);
    const Rows rows = call.find(names_.database, collection_of(kind), prefix_filter(prefix),
                                shown_as_rows(judging(call.server())));
    if (rows.failure) return failed<ListReply>(*rows.failure, Phase::read);
    ListReply reply{.outcome = Outcome::granted};
    for (const Bson& row : rows.documents) {
      Decoded decoded = decode_row(kind, *row);
      if (auto* record = std::get_if<Record>(&decoded))
        reply.records.push_back(std::move(*record));
      if (const auto* damaged = std::get_if<Damaged>(&decoded)) {
        const auto document = part(*row, "doc");
        reply.detail += (reply.detail.empty() ? "" : "; ") +
                        (document ? named(kind, **document) : "a record") + ": " + damaged->why;
      }
    }
    return reply;
  }

  std::vector<std::string> maintain(const std::stop_token& stop) override {
    std::vector<std::string> found = prepare_indexes(driver_, names_, fleet_, stop);
    const std::lock_guard lock(maintained_mutex_);
    maintained_ = found;
    return found;
  }
  bool needs_maintenance() const override { return true; }

  std::unique_ptr<Watch> watch() override { return open_watch(shared_driver_, names_); }

  StoreInfo info() override {
    StoreInfo info{.kind = "mongodb",
                   .location = driver_.location() + ", database " + names_.database,
                   .warnings = opening_.warnings};
    {
      const std::lock_guard lock(maintained_mutex_);
      info.warnings.insert(info.warnings.end(), maintained_.begin(), maintained_.end());
    }
    Call call = driver_.begin();
    const auto failing = [&](const Failure& failure) {
      info.outcome = outcome_of(failure, Phase::read);
      info.detail = failure.message;
      return info;
    };
    if (call.failure()) return failing(*call.failure());
    const Answer hello = call.run("admin", object({{"hello", std::int32_t{1}}}));
    if (hello.failure) return failing(*hello.failure);
    info.time = wall_time(*hello.reply, "localTime");
    const Server& server = call.server();
    info.topology = server.role == Role::standalone ? "standalone"
                    : server.role == Role::router   ? "sharded"
                                                    : "replica_set";
    const std::string judge = judging(server).judge;
    info.judge = judge.empty() ? "the router that executes the call"
                               : "the server " + server.address;
    info.outcome = Outcome::granted;
    return info;
  }

  StoreOpening opening() const override { return opening_; }

  ReleaseReply report(const NodeStatus& row) override {
    return on_status([&](Call& call, const std::string& collection) {
      const Answer answer = call.write(names_.database, report_command(collection, row));
      return answer.failure ? failed<ReleaseReply>(*answer.failure, Phase::release)
                            : ReleaseReply{.outcome = Outcome::granted,
                                           .time = reported_at(*answer.reply)};
    });
  }

  ReleaseReply retire(const Key& key, const std::string& uuid) override {
    return on_status([&](Call& call, const std::string& collection) {
      return matched(
          call.write(names_.database, delete_command(collection, uuid, "key", key.name())));
    });
  }

  MembersReply members(const Key& key) override {
    Call call = driver_.begin();
    if (call.failure()) return failed<MembersReply>(*call.failure(), Phase::read);
    MembersReply reply{.outcome = Outcome::granted};
    std::set<std::string> seen;  // members that write to both collections count once
    for (const std::string& collection : names_.read_status) {
      const Rows rows =
          call.find(names_.database, collection, members_filter(key), freshest_first());
      if (rows.failure) {
        auto failure = failed<MembersReply>(*rows.failure, Phase::read);
        // Who does not write there need not have the privilege.
        if (failure.outcome == Outcome::denied && !names_.writes_status_to(collection)) continue;
        return failure;
      }
      for (const Bson& row : rows.documents) {
        NodeStatus member = decode_status(key, *row);
        if (seen.insert(member.uuid).second) reply.members.push_back(std::move(member));
      }
    }
    std::stable_sort(
        reply.members.begin(), reply.members.end(),
        [](const NodeStatus& a, const NodeStatus& b) { return a.timestamp > b.timestamp; });
    return reply;
  }

  ReleaseReply record_term(const TermRow& row) override {
    Call call = driver_.begin();
    if (call.failure()) return failed<ReleaseReply>(*call.failure(), Phase::release);
    const Answer answer = call.write(names_.database, term_command(names_.history, row));
    if (answer.failure) return failed<ReleaseReply>(*answer.failure, Phase::release);
    return {.outcome = term_written(*answer.reply) ? Outcome::granted : Outcome::lost};
  }

  HistoryReply history(const Key& key, WallTime since, std::size_t limit) override {
    HistoryReply reply{.outcome = Outcome::granted};
    if (limit == 0) return reply;  // to the server it would mean "all"
    Call call = driver_.begin();
    if (call.failure()) return failed<HistoryReply>(*call.failure(), Phase::read);
    const Rows rows = call.find(names_.database, names_.history, terms_filter(key, since),
                                newest_first(limit));
    if (rows.failure) return failed<HistoryReply>(*rows.failure, Phase::read);
    for (const Bson& row : rows.documents) {
      if (auto term = decode_term(key, *row)) reply.rows.push_back(std::move(*term));
    }
    return reply;
  }

  ControlReply read_control(const Key& key) override {
    Call call = driver_.begin();
    if (call.failure()) return failed<ControlReply>(*call.failure(), Phase::read);
    const Rows rows =
        call.find(names_.database, names_.control, key_filter(key.name()), with_time());
    if (rows.failure) return failed<ControlReply>(*rows.failure, Phase::read);
    ControlReply reply{.outcome = Outcome::granted};
    if (rows.documents.empty()) return reply;
    const bson_t& row = *rows.documents.front();
    const auto document = part(row, "doc");
    const auto now = wall_time(row, "now");
    if (document && now) reply.row = decode_control(key, **document);
    reply.time = now.value_or(WallTime{});
    if (!reply.row) {
      reply.outcome = Outcome::damaged;
      reply.detail = "the control row of " + show_key(key) + " is damaged";
    }
    return reply;
  }

  ReleaseReply write_control(const ControlRow& row) override {
    Call call = driver_.begin();
    if (call.failure()) return failed<ReleaseReply>(*call.failure(), Phase::release);
    const Answer answer = call.write(names_.database, control_command(names_.control, row));
    const bool there = answer.failure && answer.failure->source == Source::server &&
                       answer.failure->code == kDuplicateKey;
    if (there) return {.outcome = Outcome::lost};
    return matched(answer);
  }

  bool keeps_waiters() const override { return true; }

  ReleaseReply report_waiters(const WaitersRow& row) override {
    Call call = driver_.begin();
    if (call.failure()) return failed<ReleaseReply>(*call.failure(), Phase::release);
    const Answer answer = call.write(names_.database, waiters_command(names_.waiters(), row));
    if (answer.failure) return failed<ReleaseReply>(*answer.failure, Phase::release);
    return {.outcome = Outcome::granted};
  }

  WaitersReply waiters(const std::string& prefix) override {
    Call call = driver_.begin();
    if (call.failure()) return failed<WaitersReply>(*call.failure(), Phase::read);
    const Rows rows = call.find(names_.database, names_.waiters(), waiters_filter(), {});
    if (rows.failure) return failed<WaitersReply>(*rows.failure, Phase::read);
    WaitersReply reply{.outcome = Outcome::granted};
    for (const Bson& row : rows.documents) count_waiters(prefix, *row, reply.waiting);
    return reply;
  }

  bool shared() const override { return true; }
  void limit_calls(Duration budget) override { driver_.limit_calls(budget); }

 private:
  const std::string& collection_of(Kind kind) const {
    return kind == Kind::lock ? names_.locks : names_.elections;
  }

  // Every client must name a member alike, whatever address it uses to reach it.
  Judging judging(const Server& server) const {
    std::string judge;
    if (server.role == Role::standalone) judge = "standalone";
    if (server.role == Role::primary) judge = server.member;
    return {.judge = std::move(judge), .strict = takeover_ == Takeover::strict};
  }

  ClaimReply numbered(Call& call, const ClaimRequest& request, const Bson& reply) {
    if (call.server().role != Role::standalone) {
      const Token token = operation_time(reply);
      if (!token.known()) return {.detail = "the server's reply holds no operationTime"};
      stored_.forget(request.lease_id);  // a repeated claim has written the document anew
      return {.outcome = Outcome::granted, .token = token};
    }
    const Numbered result =
        next_token(call, names_.database, collection_of(request.key.kind()), request.key.name(),
                   request.lease_id);
    // The lease is there, so whatever went wrong, we cannot say that nothing happened.
    if (result.failure) return {.detail = result.failure->message};
    stored_.add(request.lease_id);
    return {.outcome = Outcome::granted, .token = result.token};
  }

  struct Extended {
    std::size_t count = 0;
    std::optional<Failure> failure = {};
  };

  Extended extend(Call& call, Kind kind, std::span<const Lease* const> leases) {
    Renewal renewal;
    for (const Lease* lease : leases) {
      // Through a router one statement may reach shards that a record has moved away from, and
      // count what is left there: there each lease has a statement that only its own shard gets.
      const bool marked = call.server().role != Role::router &&
                          (!lease->token.known() || stored_.has(lease->id));
      (marked ? renewal.leases : renewal.unmarked).push_back(lease);
    }
    const Answer answer =
        call.write(names_.database, renew_command(collection_of(kind), renewal,
                                                  judging(call.server()).judge));
    if (answer.failure) return {.failure = answer.failure};
    return {.count = static_cast<std::size_t>(integer(*answer.reply, "n").value_or(0))};
  }

  void renew_kind(Call& call, Kind kind, std::span<const Lease> all, RenewReply& reply) {
    std::vector<const Lease*> leases;
    for (const Lease& lease : all) {
      if (lease.key.kind() == kind) leases.push_back(&lease);
    }
    if (leases.empty()) return;
    const auto settle = [&](const Lease* lease, Outcome outcome) {
      reply.outcomes[static_cast<std::size_t>(lease - all.data())] = outcome;
      if (outcome == Outcome::granted && lease->token.known()) stored_.add(lease->id);
      if (outcome == Outcome::lost) stored_.forget(lease->id);
    };
    const auto fail = [&](const Failure& failure) {
      for (const Lease* lease : leases) settle(lease, outcome_of(failure, Phase::renew));
      reply.detail = failure.message;
    };
    if (call.failure()) return fail(*call.failure());
    const Extended first = extend(call, kind, leases);
    if (first.failure) return fail(*first.failure);
    if (first.count == leases.size()) {
      for (const Lease* lease : leases) settle(lease, Outcome::granted);
      return;
    }
    const Rows rows = call.find(names_.database, collection_of(kind), leases_filter(leases),
                                object({{"projection", object({{"lease_id", true}})}}));
    if (rows.failure) return fail(*rows.failure);
    std::set<std::string> shown;
    for (const Bson& row : rows.documents) shown.insert(text(*row, "lease_id").value_or(""));
    std::vector<const Lease*> ours;
    for (const Lease* lease : leases) {
      if (shown.contains(lease->id.str())) {
        ours.push_back(lease);
      } else {
        settle(lease, Outcome::lost);
      }
    }
    if (ours.empty()) return;
    // That a read shows it does not say that the update extended it: the server's clock may have
    // stepped back in between, or another member may have answered. Only a count says that.
    const Extended second = extend(call, kind, ours);
    if (second.failure) reply.detail = second.failure->message;
    const Outcome outcome = !second.failure && second.count == ours.size() ? Outcome::granted
                                                                           : Outcome::unknown;
    for (const Lease* lease : ours) settle(lease, outcome);
  }

  // Of a write on a condition: granted when it met a document.
  static ReleaseReply matched(const Answer& answer) {
    if (answer.failure) return failed<ReleaseReply>(*answer.failure, Phase::release);
    const bool met = integer(*answer.reply, "n").value_or(0) > 0;
    return {.outcome = met ? Outcome::granted : Outcome::lost};
  }

  ReleaseReply remove(const Key& key, std::string_view field, const std::string& value) {
    Call call = driver_.begin();
    if (call.failure()) return failed<ReleaseReply>(*call.failure(), Phase::release);
    return matched(call.write(names_.database, delete_command(collection_of(key.kind()),
                                                              key.name(), field, value)));
  }

  // The same on each status collection; the first trouble is the answer.
  template <class Verb>
  ReleaseReply on_status(const Verb& verb) {
    Call call = driver_.begin();
    if (call.failure()) return failed<ReleaseReply>(*call.failure(), Phase::release);
    ReleaseReply reply{.outcome = Outcome::granted};
    for (const std::string& collection : names_.status) {
      reply = verb(call, collection);
      if (reply.outcome != Outcome::granted && reply.outcome != Outcome::lost) return reply;
    }
    return reply;
  }

  const std::shared_ptr<Driver> shared_driver_;  // with watches, which may outlive the store
  Driver& driver_ = *shared_driver_;
  const Takeover takeover_;
  Names names_;
  const PythonFleet fleet_;
  std::optional<WallTime> greeted_at_;  // by the server's clock
  StoreOpening opening_;
  std::mutex maintained_mutex_;
  std::vector<std::string> maintained_;  // warnings of the latest maintain()
  StoredTokens stored_;
};

}  // namespace

std::shared_ptr<LeaseStore> open_mongo_store(const std::string& uri,
                                             const ConnectOptions& options) {
  const auto clock = options.clock ? options.clock : make_machine_clock();
  const WallTime before = clock->wall();
  auto store = std::make_shared<MongoStore>(uri, options);
  store->opened(before, clock->wall());
  return store;
}

std::string mongo_driver_version() { return mongo::driver_version(); }

}  // namespace mongoelector::internal
