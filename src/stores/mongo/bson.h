// BSON documents as values: written like the JSON they stand for, read by name and type.
//
// Nothing here knows what a document means. Names must be literals of ours, never a caller's text.
#pragma once

#include <bson/bson.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mongoelector::internal::mongo {

// One document (or array), owned. Empty after construction, nothing but destructible after a move.
class Bson {
 public:
  Bson() : document_(bson_new()) {}
  explicit Bson(const bson_t& copied) : document_(bson_copy(&copied)) {}
  // Takes over what a bson_new...() made.
  explicit Bson(bson_t* owned) : document_(owned) {}
  Bson(Bson&& other) noexcept : document_(std::exchange(other.document_, nullptr)) {}
  Bson& operator=(Bson&& other) noexcept {
    std::swap(document_, other.document_);
    return *this;
  }
  ~Bson() {
    if (document_ != nullptr) bson_destroy(document_);
  }
  bson_t* get() const { return document_; }
  const bson_t& operator*() const { return *document_; }

 private:
  bson_t* document_;
};

struct Date {
  std::int64_t ms;
};
inline Date date_of(std::chrono::system_clock::time_point time) {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count()};
}
struct Timestamp {
  std::uint64_t value;  // seconds << 32 | increment
};
struct Null {};
struct List {
  Bson items;
};

using Value = std::variant<Null, bool, std::int32_t, std::int64_t, double, std::string_view, Date,
                           Timestamp, Bson, List>;

struct Field {
  std::string_view name;
  Value value;
};

// Numbers keep the type they are given with: std::int64_t{1} is a BSON int64.
void append(Bson& document, const Field& field);
Bson object(std::initializer_list<Field> fields);
List list(std::initializer_list<Value> items);
List list(const std::vector<std::string_view>& items);

// A caller's value inside a pipeline: never an expression, whatever it looks like.
Bson literal(Value value);

// An iterator is aligned wider than usual, which the type remembers only as a member.
struct Found {
  bson_iter_t at;
};

// Reading: nothing when the field is missing or of another type.
std::optional<Found> field(const bson_t& document, const char* name);
std::optional<std::string> text(const bson_t& document, const char* name);
std::optional<Date> date(const bson_t& document, const char* name);
std::optional<Timestamp> timestamp(const bson_t& document, const char* name);
std::optional<std::int64_t> integer(const bson_t& document, const char* name);  // int32 or int64
std::optional<double> number(const bson_t& document, const char* name);         // of any width
// A number of any width, towards zero; nothing too if an int64 cannot express it.
std::optional<std::int64_t> whole(const bson_t& document, const char* name);
bool truth(const bson_t& document, const char* name);                           // true, not missing
// Nothing in a document bounds what it says. This is the nearest that can be expressed, from
// kEarliestMs to kFarthestMs (base/records.h).
std::chrono::milliseconds expressible(std::int64_t ms);
// A date among them.
std::optional<std::chrono::system_clock::time_point> wall_time(const bson_t& document,
                                                               const char* name);
// A copy of an embedded document or array: a bson_t points into itself and cannot be a value.
std::optional<Bson> part(const bson_t& document, const char* name);
// Calls `take` with each document of the array `name` of `document`.
template <class Take>
void each(const bson_t& document, const char* name, const Take& take) {
  const auto items = part(document, name);
  for (std::uint32_t i = 0; items; ++i) {
    const auto item = part(**items, std::to_string(i).c_str());
    if (!item) return;
    take(**item);
  }
}

}  // namespace mongoelector::internal::mongo
