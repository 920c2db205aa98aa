#include "verification/checker/line_reader.h"

#include <utility>

#include "verification/checker/times.h"

namespace verification::internal {

namespace {

bool within_bounds(Nanoseconds time) { return time >= -kMaxTime && time <= kMaxTime; }

// A natural number is an integer too.
bool is_a(const Field& field, Field::Kind kind) {
  return field.kind == kind ||
         (kind == Field::Kind::integer && field.kind == Field::Kind::natural);
}

std::string shown(std::string_view name) { return "\"" + std::string(name) + "\""; }

}  // namespace

std::string LineReader::read(std::string_view line, Place place) {
  trouble_.clear();
  if (auto trouble = object_.parse(line)) return *trouble;
  const Field* kind = field("kind", Field::Kind::text, true);
  if (kind != nullptr) take_record(kind->text, place);
  field("note", Field::Kind::text, false);
  for (const Field& left : object_)
    if (!left.used) wrong("unknown field " + shown(left.name));
  return trouble_;
}

void LineReader::take_record(const std::string& kind, Place place) {
  if (kind == "term") return take_term(place);
  if (kind == "attempt") return take_attempt(place);
  if (kind == "release") return take_release(place);
  if (kind == "request") return take_request(place);
  if (kind == "applied") return take_applied(place);
  if (kind == "write") return take_write(place);
  if (kind == "final") {
    const NameId reg = name("register");
    const Field* value = field("value", Field::Kind::natural, true);
    history_.finals.push_back({reg, value == nullptr ? 0 : value->natural, place});
  } else if (kind == "crash") {
    const NameId client = name("client");
    history_.crashes.push_back({client, time("at_ns"), place});
  } else if (kind == "freeze" || kind == "thaw") {
    name("client");
    time("at_ns");
    ++history_.freezes;
  } else {
    wrong("unknown kind " + shown(kind));
  }
}

void LineReader::take_term(Place place) {
  Term term{.client = name("client"), .key = name("key"), .token = token(), .place = place};
  term.start = time("start_ns");
  // Null is an answer here, so it has to be given.
  if (object_.find("end_ns") == nullptr) wrong("\"end_ns\" is missing");
  term.end = maybe_time("end_ns");
  term.deadline = maybe_time("deadline_ns");
  field("ended_by", Field::Kind::text, false);
  if (const Field* told = field("told_ns", Field::Kind::list, false)) {
    for (const Nanoseconds at : told->list)
      if (!within_bounds(at)) wrong("\"told_ns\" is out of bounds");
    term.told = told->list;
  }
  term.blur = maybe_time("blur_ns").value_or(0);
  if (term.blur < 0 || term.blur > kMaxBlur) wrong("\"blur_ns\" is out of bounds");
  history_.terms.push_back(std::move(term));
}

void LineReader::take_attempt(Place place) {
  Attempt attempt{.client = name("client"), .key = name("key"), .place = place};
  attempt.at = time("at_ns");
  attempt.end = maybe_time("end_ns");
  attempt.outcome =
      static_cast<Attempt::Outcome>(word("outcome", {"granted", "held", "unknown", "lost"}));
  const bool granted = attempt.outcome == Attempt::Outcome::granted;
  attempt.token = maybe_token();
  if (attempt.token && !granted) wrong("a token without a grant");
  if (granted && !attempt.end) wrong("a grant without \"end_ns\"");
  if (attempt.end && *attempt.end < attempt.at) wrong("answered before it was sent");
  history_.attempts.push_back(attempt);
}

void LineReader::take_release(Place place) {
  Release release{.client = name("client"), .key = name("key"), .place = place};
  release.token = maybe_token();
  release.at = time("at_ns");
  release.end = maybe_time("end_ns");
  release.outcome = static_cast<Release::Outcome>(word("outcome", {"released", "unknown", "lost"}));
  if (release.outcome == Release::Outcome::released && !release.end)
    wrong("released without \"end_ns\"");
  if (release.end && *release.end < release.at) wrong("answered before it was sent");
  history_.releases.push_back(release);
}

void LineReader::take_request(Place place) {
  Request request{.client = name("client"), .key = name("key"), .token = token(), .place = place};
  request.at = time("at_ns");
  word("verb", {"claim", "renew"});
  history_.requests.push_back(request);
}

void LineReader::take_applied(Place place) {
  Applied applied{.key = name("key"), .token = token(), .at = time("at_ns"), .place = place};
  applied.release = word("verb", {"claim", "renew", "release"}) == 2;
  history_.applied.push_back(applied);
}

void LineReader::take_write(Place place) {
  Write write{.reg = name("register"), .place = place};
  if (object_.find("client") != nullptr) name("client");
  if (const Field* fenced = field("fenced", Field::Kind::truth, true)) write.fenced = fenced->truth;
  const auto token = maybe_token();
  if (write.fenced && !token) wrong("a fenced write without \"token\"");
  if (write.fenced) write.token = token.value_or(0);
  write.at = time("at_ns");
  if (object_.find("accepted") == nullptr) wrong("\"accepted\" is missing");
  if (const Field* accepted = field("accepted", Field::Kind::truth, false))
    write.accepted = accepted->truth;
  if (const Field* value = field("value", Field::Kind::natural, false))
    write.value = value->natural;
  history_.writes.push_back(write);
}

// Nothing for null, which only a field that is not needed may be.
Field* LineReader::field(std::string_view name, Field::Kind kind, bool needed) {
  Field* const found = object_.find(name);
  if (found != nullptr) found->used = true;
  if (found == nullptr || (found->kind == Field::Kind::null && !needed)) {
    if (needed) wrong(shown(name) + " is missing");
    return nullptr;
  }
  if (is_a(*found, kind)) return found;
  constexpr std::string_view kKinds[] = {"null",          "true or false", "an integer",
                                         "a natural number", "a text",        "a list"};
  wrong(shown(name) + " is not " + std::string(kKinds[static_cast<std::size_t>(kind)]));
  return nullptr;
}

NameId LineReader::name(std::string_view field_name) {
  const Field* found = field(field_name, Field::Kind::text, true);
  if (found == nullptr) return 0;
  if (found->text.empty()) wrong(shown(field_name) + " is empty");
  return history_.names.id(found->text);
}

Nanoseconds LineReader::time(std::string_view field_name) {
  const auto found = maybe_time(field_name);
  if (!found) wrong(shown(field_name) + " is missing");
  return found.value_or(0);
}

std::optional<Nanoseconds> LineReader::maybe_time(std::string_view field_name) {
  const Field* found = field(field_name, Field::Kind::integer, false);
  if (found == nullptr) return {};
  if (!within_bounds(found->integer)) {
    wrong(shown(field_name) + " is out of bounds");
    return 0;
  }
  return found->integer;
}

std::optional<Token> LineReader::maybe_token() {
  const Field* found = field("token", Field::Kind::text, false);
  if (found == nullptr) return {};
  const auto value = parse_uint64(found->text);
  if (!value) wrong("\"token\" is not a number of 64 bits as a text");
  return value;
}

Token LineReader::token() {
  const auto found = maybe_token();
  if (!found) wrong("\"token\" is missing");
  return found.value_or(0);
}

std::size_t LineReader::word(std::string_view field_name,
                             std::initializer_list<std::string_view> words) {
  const Field* found = field(field_name, Field::Kind::text, true);
  if (found == nullptr) return 0;
  std::size_t index = 0;
  for (const std::string_view known : words) {
    if (found->text == known) return index;
    ++index;
  }
  wrong("unknown " + std::string(field_name) + " " + shown(found->text));
  return 0;
}

}  // namespace verification::internal
