#include "stores/mongo/bson.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/records.h"

namespace mongoelector::internal::mongo {

namespace {

// One overload for each alternative of Value. All lengths are explicit: a text may hold a NUL.
struct Appender {
  bson_t* into;
  const char* name;
  int length;

  bool operator()(Null) const { return bson_append_null(into, name, length); }
  bool operator()(bool value) const { return bson_append_bool(into, name, length, value); }
  bool operator()(std::int32_t value) const { return bson_append_int32(into, name, length, value); }
  bool operator()(std::int64_t value) const { return bson_append_int64(into, name, length, value); }
  bool operator()(double value) const { return bson_append_double(into, name, length, value); }
  bool operator()(std::string_view value) const {
    return bson_append_utf8(into, name, length, value.data(), static_cast<int>(value.size()));
  }
  bool operator()(Date value) const { return bson_append_date_time(into, name, length, value.ms); }
  bool operator()(Timestamp value) const {
    return bson_append_timestamp(into, name, length, static_cast<std::uint32_t>(value.value >> 32),
                                 static_cast<std::uint32_t>(value.value));
  }
  bool operator()(const Bson& value) const {
    return bson_append_document(into, name, length, value.get());
  }
  bool operator()(const List& value) const {
    return bson_append_array(into, name, length, value.items.get());
  }
};

}  // namespace

void append(Bson& document, const Field& field) {
  const Appender appender{document.get(), field.name.data(), static_cast<int>(field.name.size())};
  // Fails only when the document would pass 2 GiB.
  if (!std::visit(appender, field.value)) throw std::bad_alloc();
}

Bson object(std::initializer_list<Field> fields) {
  Bson document;
  for (const Field& field : fields) append(document, field);
  return document;
}

List list(std::initializer_list<Value> items) {
  List made;
  std::uint32_t index = 0;
  for (const Value& item : items) {
    const std::string name = std::to_string(index++);
    const Appender appender{made.items.get(), name.data(), static_cast<int>(name.size())};
    if (!std::visit(appender, item)) throw std::bad_alloc();
  }
  return made;
}

List list(const std::vector<std::string_view>& items) {
  List made;
  std::uint32_t index = 0;
  for (const std::string_view item : items) append(made.items, {std::to_string(index++), item});
  return made;
}

Bson literal(Value value) {
  Bson made;
  append(made, {"$literal", std::move(value)});
  return made;
}

std::optional<Found> field(const bson_t& document, const char* name) {
  Found found;
  if (!bson_iter_init_find(&found.at, &document, name)) return std::nullopt;
  return found;
}

std::optional<std::string> text(const bson_t& document, const char* name) {
  const auto found = field(document, name);
  if (!found || !BSON_ITER_HOLDS_UTF8(&found->at)) return std::nullopt;
  std::uint32_t length = 0;
  const char* bytes = bson_iter_utf8(&found->at, &length);
  return std::string(bytes, length);
}

std::optional<Date> date(const bson_t& document, const char* name) {
  const auto found = field(document, name);
  if (!found || !BSON_ITER_HOLDS_DATE_TIME(&found->at)) return std::nullopt;
  return Date{bson_iter_date_time(&found->at)};
}

std::chrono::milliseconds expressible(std::int64_t ms) {
  return std::chrono::milliseconds(std::clamp(ms, kEarliestMs, kFarthestMs));
}

std::optional<std::chrono::system_clock::time_point> wall_time(const bson_t& document,
                                                               const char* name) {
  const auto found = date(document, name);
  if (!found || expressible(found->ms).count() != found->ms) return std::nullopt;
  return std::chrono::system_clock::time_point(std::chrono::milliseconds(found->ms));
}

std::optional<Timestamp> timestamp(const bson_t& document, const char* name) {
  const auto found = field(document, name);
  if (!found || !BSON_ITER_HOLDS_TIMESTAMP(&found->at)) return std::nullopt;
  std::uint32_t seconds = 0;
  std::uint32_t increment = 0;
  bson_iter_timestamp(&found->at, &seconds, &increment);
  return Timestamp{std::uint64_t{seconds} << 32 | increment};
}

std::optional<std::int64_t> integer(const bson_t& document, const char* name) {
  const auto found = field(document, name);
  if (!found || !(BSON_ITER_HOLDS_INT32(&found->at) || BSON_ITER_HOLDS_INT64(&found->at)))
    return std::nullopt;
  return bson_iter_as_int64(&found->at);
}

std::optional<double> number(const bson_t& document, const char* name) {
  const auto found = field(document, name);
  if (!found || !BSON_ITER_HOLDS_NUMBER(&found->at)) return std::nullopt;
  return bson_iter_as_double(&found->at);
}

std::optional<std::int64_t> whole(const bson_t& document, const char* name) {
  if (const auto exact = integer(document, name)) return exact;
  constexpr double kTooLarge = 9223372036854775808.0;  // 2^63
  const auto found = number(document, name);
  // Not a number fails both comparisons.
  if (!found || !(*found >= -kTooLarge && *found < kTooLarge)) return std::nullopt;
  return static_cast<std::int64_t>(*found);
}

bool truth(const bson_t& document, const char* name) {
  const auto found = field(document, name);
  return found && BSON_ITER_HOLDS_BOOL(&found->at) && bson_iter_bool(&found->at);
}

std::optional<Bson> part(const bson_t& document, const char* name) {
  const auto found = field(document, name);
  const std::uint8_t* bytes = nullptr;
  std::uint32_t length = 0;
  if (found && BSON_ITER_HOLDS_DOCUMENT(&found->at)) {
    bson_iter_document(&found->at, &length, &bytes);
  } else if (found && BSON_ITER_HOLDS_ARRAY(&found->at)) {
    bson_iter_array(&found->at, &length, &bytes);
  }
  bson_t* copy = bytes == nullptr ? nullptr : bson_new_from_data(bytes, length);
  if (copy == nullptr) return std::nullopt;
  return Bson(copy);
}

}  // namespace mongoelector::internal::mongo
