#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"
#include "cli/act.h"
#include "cli/records.h"

namespace mongoelector::cli {

namespace {

class ReleaseCommand : public ActCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "release",
        .group = "Act",
        .summary = "give up a lease by its token, or break it by force",
        .usage = "NAME (--token N | --force) [flags]",
        .examples =
            {{"mongoelector release nightly --token 42", "give up what is held under this token"},
             {"mongoelector release nightly --force", "break it; shows the holder and asks first"},
             {"mongoelector release nightly --force --confirm nightly --no-input", "in a script"}},
        .details =
            "NAME is a lock or an election; lock/NAME and election/NAME say which.\n"
            "Breaking a lease does not stop its holder's work: the holder finds out at its next\n"
            "renewal, and until then two may work at a time. Whoever comes next has a larger\n"
            "token. The history of an election tells who broke it and why; locks have none.\n"
            "On MongoDB the store knows a token from the lease's first renewal on.\n"
            "Exits 3 if nobody holds NAME, 75 if another lease than the one meant is in force.\n"};
    return kAbout;
  }

 private:
  void add_own_flags(Flags& flags) override {
    flags.add_option("NAME", name_, "a lock or an election").required();
    add_token(flags, "--token", token_, "release the lease that has this token");
    flags.add_flag("--force", force_, "release it whoever holds it");
    add_token(flags, "--if-token", if_token_,
              "with --force: only if the lease has this token; default: the one just shown");
    flags.add_flag("--even-if-live", even_if_live_, "with --force: also if its holder renews it");
    flags.add_option("--reason", reason_, "with --force: why, for the history").type_name("TEXT");
  }

  void prepare() override {
    if (token_.has_value() == force_) {
      throw Failure(Exit::usage, "release takes --token N or --force, one of them",
                    "see: mongoelector help release");
    }
    if (!force_ && (if_token_ || even_if_live_ || !reason_.empty()))
      throw Failure(Exit::usage, "--if-token, --even-if-live and --reason belong to --force");
    target_ = parse_target(name_);
  }

  void look(Context&, LeaseStore& store) override {
    seen_ = find_lease(store, name_, target_, force_ ? if_token_ : token_);
    if (force_) refuse_if_alive(*seen_);
  }

  void refuse_if_alive(const Record& record) const {
    if (even_if_live_ || !seems_alive(record)) return;
    throw Failure(Exit::busy,
                  fmt::format("{} is held by {}, which seems alive: {}",
                              internal::show_key(record.key), describe_holder(record),
                              last_sign(record)),
                  "stop it there, or say --even-if-live", holder_json(record.holder));
  }

  std::optional<Question> question() const override {
    if (!force_) return std::nullopt;
    const std::string key = internal::show_key(seen_->key);
    return Question{
        .risk = Risk::severe,
        .name = seen_->key.name(),
        .stakes = fmt::format(
            "{} is held by {}, token {}, for {}; {}\n"
            "Its work may still be running, and goes on until its next renewal fails.\n",
            key, describe_holder(*seen_), show_token(seen_->token), brief(held_for(*seen_)),
            last_sign(*seen_)),
        .action = "breaking " + key};
  }

  void act(Context& context, LeaseStore& store) override {
    const std::string key = internal::show_key(seen_->key);
    // Whoever was asked may have taken long, and the holder may have come back.
    const auto now = find_record(store, {seen_->key.kind(), seen_->key.name()});
    const bool same = now && mark_of(*now).owner == mark_of(*seen_).owner;
    if (force_ && same) refuse_if_alive(*now);
    const ReleaseReply reply = store.break_lease(*seen_);
    if (reply.outcome == Outcome::lost)
      throw Failure(Exit::busy, key + " changed hands meanwhile; nothing was done");
    require_answer(reply.outcome, reply.detail, "releasing " + key);
    if (force_ && seen_->key.kind() == Kind::election) record(context, store);
  }

  // It is done; that the history does not tell of it is no failure.
  void record(Context& context, LeaseStore& store) {
    constexpr std::size_t kLookBack = 8;
    TermRow term{.key = seen_->key,
                 .token = seen_->token,
                 .holder = seen_->holder,
                 .start = seen_->created_at};
    for (const TermRow& row : store.history(term.key, {}, kLookBack).rows)
      if (row.token == term.token) term = row;
    const StoreInfo info = store.info();
    term.end = std::max(info.time.value_or(make_machine_clock()->wall()), term.start);
    term.ended_by = EndedBy::forced;
    term.reason = reason_;
    term.by = by();
    recorded_ = term.token.known() && store.record_term(term).outcome == Outcome::granted;
    if (!recorded_) context.out.note("the history does not tell who broke it");
  }

  void tell(Context& context) const override {
    context.out.note(fmt::format("{} {}, held by {}, token {}",
                                 dry_run() ? "would release" : "released",
                                 internal::show_key(seen_->key), describe_holder(*seen_),
                                 show_token(seen_->token)));
  }

  std::string_view schema() const override { return "mongoelector.release/1"; }

  void fill(Json& document) const override {
    document["kind"] = to_string(seen_->key.kind());
    document["name"] = seen_->key.name();
    document["released"] = !dry_run();
    document["forced"] = force_;
    document["reason"] = reason_.empty() ? Json(nullptr) : Json(reason_);
    document["recorded"] = recorded_;
    document["holder"] = holder_json(seen_->holder);
    document["token"] = token_json(seen_->token);
  }

  std::string name_;
  std::optional<Token> token_;
  bool force_ = false;
  std::optional<Token> if_token_;
  bool even_if_live_ = false;
  std::string reason_;
  Target target_;
  std::optional<Record> seen_;
  bool recorded_ = false;
};

}  // namespace

std::unique_ptr<Command> make_release() { return std::make_unique<ReleaseCommand>(); }

}  // namespace mongoelector::cli
