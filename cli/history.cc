#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/look.h"
#include "cli/views.h"

namespace mongoelector::cli {

namespace {

// The terms of one election, newest first.
struct Chronicle {
  Key key;
  std::vector<TermRow> terms;
  std::optional<HistoryCheck> check = {};
};

// "2026-11-21T20:53:01Z"
std::string show_time(WallTime time) {
  const std::string text = internal::rfc3339(time);
  return text.substr(0, text.find('.')) + "Z";
}

std::optional<Duration> led_for(const TermRow& row) {
  if (!row.end) return std::nullopt;
  return std::max<Duration>(*row.end - row.start, Duration::zero());
}

template <class Value, class Show>
std::string shown_if(const std::optional<Value>& value, Show show) {
  return value ? show(*value) : "-";
}

class HistoryCommand : public LookCommand {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "history",
        .group = "Look",
        .summary = "who led when, and how each term ended",
        .usage = "[NAME] [--since DUR] [-n N] [--verify] [-o FORMAT]",
        .examples = {{"mongoelector history billing", "the latest terms"},
                     {"mongoelector history billing --since 24h --verify",
                      "3 if two ever led at a time"}},
        .details =
            "NAME is an election; without it: all that have a record now. Terms are kept for 30\n"
            "days. GAP: without a leader until the next term began. ENDED BY expired: nobody saw\n"
            "the end, END is the latest moment possible. Python members write no history.\n"
            "--verify looks at all terms since, however many are shown.\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("NAME", name_, "an election");
    add_duration(flags, "--since", since_, "only terms that had not ended this long ago");
    flags.add_option("-n,--limit", limit_, "at most so many terms of each election, default 50")
        .type_name("N")
        .range(1, std::numeric_limits<int>::max());
    flags.add_flag("--verify", verify_, "check that terms never overlap; exits 3 if two do");
  }

  std::vector<Format> formats() const override { return {Format::wide}; }

  void prepare(Context&) override {
    if (name_) target_ = parse_target(*name_, Kind::election);
  }

  Answer ask(Context& context, const Connection& connection) override {
    const StoreMoment moment = ask_moment(connection);
    LeaseStore& store = connection.session->store();
    std::vector<Chronicle> all;
    bool sound = true;
    for (const Key& key : keys(store)) {
      all.push_back(ask_about(store, key, moment.now));
      sound = sound && (!verify_ || all.back().check->overlaps.empty());
    }
    if (context.format == Format::jsonl) return {.text = lines(all), .yes = sound};
    if (context.format == Format::json)
      return {.document = document(connection, moment, all), .yes = sound};
    const bool empty = std::all_of(all.begin(), all.end(),
                                   [](const Chronicle& one) { return one.terms.empty(); });
    if (empty) context.out.note("no history");
    std::string text = empty ? "" : table(all, context.format == Format::wide);
    if (verify_) text += verdicts(all);
    return {.text = std::move(text), .yes = sound};
  }

 private:
  std::vector<Key> keys(LeaseStore& store) const {
    if (target_) return {Key::election(target_->name)};
    const ListReply reply = store.list(Kind::election, "");
    require_answer(reply.outcome, reply.detail, "listing elections");
    std::vector<Key> keys;
    for (const Record& record : reply.records) keys.push_back(record.key);
    return keys;
  }

  Chronicle ask_about(LeaseStore& store, const Key& key, WallTime now) const {
    const WallTime since =
        since_ ? now - std::chrono::duration_cast<WallTime::duration>(*since_) : WallTime{};
    const auto limit = static_cast<std::size_t>(limit_);
    Chronicle found{
        .key = key,
        .terms = ask_history(store, key, since,
                             verify_ ? std::numeric_limits<std::size_t>::max() : limit)};
    if (verify_) found.check = verify(found.terms);
    if (found.terms.size() > limit)
      found.terms.erase(found.terms.begin() + static_cast<std::ptrdiff_t>(limit),
                        found.terms.end());
    return found;
  }

  std::string table(const std::vector<Chronicle>& all, bool wide) const {
    std::vector<std::string> header{"TERM", "HOLDER", "START", "END",
                                    "LED",  "ENDED BY", "GAP",  "REASON"};
    if (!target_) header.insert(header.begin(), "ELECTION");
    if (wide) header.insert(header.end(), {"TOKEN", "HOST", "PID", "BLUR"});
    Table table(std::move(header));
    for (const Chronicle& one : all)
      for (std::size_t i = 0; i < one.terms.size(); ++i) table.add(row_of(one, i, wide));
    return table.text(wide);
  }

  std::vector<std::string> row_of(const Chronicle& one, std::size_t i, bool wide) const {
    const TermRow& row = one.terms[i];
    const std::string why = because(row.reason, row.by);
    const bool open = row.ended_by == EndedBy::open;
    std::vector<std::string> cells{show_number(row.number),
                                   holder_name(row.holder),
                                   show_time(row.start),
                                   shown_if(row.end, show_time),
                                   shown_if(led_for(row), brief),
                                   open ? "-" : show_ended_by(row.ended_by),
                                   shown_if(gap_after(one.terms, i), brief),
                                   why.empty() ? "-" : why.substr(2, why.size() - 3)};
    if (!target_) cells.insert(cells.begin(), shown(one.key.name()));
    if (wide) {
      cells.insert(cells.end(), {to_string(row.token), shown(row.holder.host),
                                 std::to_string(row.holder.pid), brief(row.blur)});
    }
    return cells;
  }

  static std::string verdicts(const std::vector<Chronicle>& all) {
    std::string text;
    for (const Chronicle& one : all) {
      const HistoryCheck& check = *one.check;
      text += fmt::format("{}: {} terms, {} overlap{}; {} without a leader, {} at most at a time",
                          shown(one.key.name()), check.terms, check.overlaps.size(),
                          check.overlaps.size() == 1 ? "" : "s", brief(check.leaderless),
                          brief(check.longest_gap));
      if (check.uncertain > 0) text += fmt::format("; {} ends nobody saw", check.uncertain);
      text += '\n';
      for (const HistoryCheck::Overlap& overlap : check.overlaps) {
        text += fmt::format("  OVERLAP: tokens {} and {} by {} or more\n",
                            to_string(overlap.earlier), to_string(overlap.later),
                            brief(overlap.by));
      }
    }
    return text;
  }

  static Json term_json(const Chronicle& one, std::size_t i) {
    const TermRow& row = one.terms[i];
    const auto seconds_or_null = [](const std::optional<Duration>& value) {
      return value ? seconds_json(*value) : Json(nullptr);
    };
    return {{"name", one.key.name()},
            {"term", number_json(row.number)},
            {"token", token_json(row.token)},
            {"holder", holder_json(row.holder)},
            {"start", time_json(row.start)},
            {"end", row.end ? time_json(*row.end) : Json(nullptr)},
            {"led_seconds", seconds_or_null(led_for(row))},
            {"ended_by", row.ended_by == EndedBy::open ? Json(nullptr)
                                                       : Json(to_string(row.ended_by))},
            {"reason", text_json(row.reason)},
            {"by", text_json(row.by)},
            {"gap_seconds", seconds_or_null(gap_after(one.terms, i))},
            {"blur_seconds", seconds_json(row.blur)}};
  }

  static Json check_json(const Chronicle& one) {
    Json overlaps = Json::array();
    for (const HistoryCheck::Overlap& overlap : one.check->overlaps) {
      overlaps.push_back({{"earlier", token_json(overlap.earlier)},
                          {"later", token_json(overlap.later)},
                          {"by_seconds", seconds_json(overlap.by)}});
    }
    return {{"name", one.key.name()},
            {"terms", one.check->terms},
            {"overlaps", std::move(overlaps)},
            {"uncertain", one.check->uncertain},
            {"leaderless_seconds", seconds_json(one.check->leaderless)},
            {"longest_gap_seconds", seconds_json(one.check->longest_gap)}};
  }

  static std::string lines(const std::vector<Chronicle>& all) {
    std::string lines;
    for (const Chronicle& one : all) {
      for (std::size_t i = 0; i < one.terms.size(); ++i)
        lines += to_line("mongoelector.term/1", term_json(one, i));
      if (one.check) lines += to_line("mongoelector.history_check/1", check_json(one));
    }
    return lines;
  }

  static Json document(const Connection& connection, const StoreMoment& moment,
                       const std::vector<Chronicle>& all) {
    Json document = new_document("mongoelector.history/1");
    document["store"] = store_json(connection, moment.info);
    document["terms"] = Json::array();
    document["checks"] = Json::array();
    for (const Chronicle& one : all) {
      for (std::size_t i = 0; i < one.terms.size(); ++i)
        document["terms"].push_back(term_json(one, i));
      if (one.check) document["checks"].push_back(check_json(one));
    }
    return document;
  }

  std::optional<std::string> name_;
  std::optional<Duration> since_;
  int limit_ = 50;
  bool verify_ = false;
  std::optional<Target> target_;
};

}  // namespace

std::unique_ptr<Command> make_history() { return std::make_unique<HistoryCommand>(); }

}  // namespace mongoelector::cli
