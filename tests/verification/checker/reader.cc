#include "verification/checker/reader.h"

#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "verification/checker/checker.h"
#include "verification/checker/line_reader.h"
#include "verification/checker/times.h"

namespace verification {

namespace {

using Json = nlohmann::json;

// What is wrong with a document.
struct DocumentError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

const Json& member(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end())
    throw DocumentError(std::string("\"") + name + "\" is missing");
  return *found;
}

std::string text_of(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (!value.is_string() || value.get_ref<const std::string&>().empty())
    throw DocumentError(std::string("\"") + name + "\" is not a text");
  return value.get<std::string>();
}

internal::Instant instant_of(const Json& object, const char* name) {
  const auto instant = internal::parse_rfc3339(text_of(object, name));
  if (!instant) throw DocumentError(std::string("\"") + name + "\" is not a time of RFC 3339");
  return *instant;
}

Nanoseconds blur_of(const Json& row) {
  const Json& value = member(row, "blur_seconds");
  const double blur = value.is_number() ? value.get<double>() * 1e9 : -1;
  if (!(blur >= 0) || blur > static_cast<double>(kMaxBlur))
    throw DocumentError("\"blur_seconds\" is not a duration");
  return static_cast<Nanoseconds>(std::ceil(blur));
}

// One row per term, as include/mongoelector/records.h says of TermRow.
class DocumentReader {
 public:
  DocumentReader(History& history, Place place) : history_(history), place_(place) {}

  void read(const Json& document) {
    if (text_of(document, "schema") != "mongoelector.history/1")
      throw DocumentError("not the schema mongoelector.history/1");
    const Json& rows = member(document, "terms");
    if (!rows.is_array()) throw DocumentError("\"terms\" is not a list");
    for (const Json& row : rows) take(row);
  }

 private:
  void take(const Json& row) {
    const internal::Instant start = instant_of(row, "start");
    const auto token = internal::parse_uint64(text_of(row, "token"));
    if (!token) throw DocumentError("\"token\" is not a number of 64 bits as a text");
    Term term{.client = history_.names.id(text_of(member(row, "holder"), "id")),
              .key = history_.names.id(text_of(row, "name")),
              .token = *token,
              .start = start.since_epoch,
              // Times and blur are cut off at the precision, not rounded.
              .blur = blur_of(row) + 2 * start.precision,
              .place = place_};
    // Null is a term that is still open.
    const bool seen = !member(row, "ended_by").is_null() && text_of(row, "ended_by") != "expired";
    if (!member(row, "end").is_null())
      (seen ? term.end : term.latest_end) = instant_of(row, "end").since_epoch;
    history_.terms.push_back(std::move(term));
  }

  History& history_;
  Place place_;
};

std::optional<std::string> read_document(std::istream& in, std::string text, Place place,
                                         History& history) {
  text.append(std::istreambuf_iterator<char>(in), {});
  try {
    DocumentReader(history, place).read(Json::parse(text));
  } catch (const DocumentError& error) {
    return error.what();
  } catch (const Json::exception& error) {
    return error.what();
  }
  return {};
}

// Only a document has this name, or stretches over lines.
bool begins_document(const std::string& line) {
  return line == "{" || line.find("\"schema\":") != std::string::npos;
}

std::optional<std::string> on_clock(ClockKind clock, History& history) {
  if (history.clock == ClockKind::none) history.clock = clock;
  if (history.clock == clock) return {};
  return "times of another clock than those before: boot time and the store's do not mix";
}

}  // namespace

std::optional<std::string> read(std::istream& in, std::string_view name, History& history) {
  Place place{static_cast<std::uint32_t>(history.files.size()), 0};
  history.files.emplace_back(name);
  const auto trouble = [&](const std::string& what) {
    return history.files.back() + ":" + std::to_string(place.line) + ": " + what;
  };
  const std::size_t before = history.size();
  internal::LineReader lines(history);
  for (std::string line; std::getline(in, line);) {
    ++place.line;
    const bool document = place.line == 1 && begins_document(line);
    if (const auto mixed = on_clock(document ? ClockKind::wall : ClockKind::boot, history))
      return trouble(*mixed);
    if (document) {
      if (const auto what = read_document(in, line + "\n", place, history)) return trouble(*what);
    } else if (const std::string what = lines.read(line, place); !what.empty()) {
      return trouble(what);
    }
  }
  if (in.bad()) return trouble("cannot be read to the end");
  if (history.size() == before) return trouble("holds no record, so it proves nothing");
  return {};
}

int check_text(std::string_view text) {
  std::istringstream in{std::string(text)};
  History history;
  if (read(in, "text", history)) return 2;
  return check(history).empty() ? 0 : 1;
}

}  // namespace verification
