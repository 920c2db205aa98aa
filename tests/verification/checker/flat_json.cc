#include "verification/checker/flat_json.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace verification::internal {

// What nlohmann's parser calls; false ends the parsing.
class FlatHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit FlatHandler(FlatObject& object) : object_(object) {}

  const std::string& trouble() const { return trouble_; }

  bool null() override { return set([](Field& field) { field.kind = Field::Kind::null; }); }
  bool boolean(bool value) override {
    return set([&](Field& field) { field.kind = Field::Kind::truth, field.truth = value; });
  }
  bool number_integer(std::int64_t value) override {
    if (in_list_) return append(value);
    return set([&](Field& field) { field.kind = Field::Kind::integer, field.integer = value; });
  }
  bool number_unsigned(std::uint64_t value) override {
    const bool fits = value <= std::numeric_limits<std::int64_t>::max();
    const auto small = fits ? static_cast<std::int64_t>(value) : 0;
    if (in_list_) return fits ? append(small) : fail("a number that is too large");
    return set([&](Field& field) {
      field.kind = Field::Kind::natural;
      field.natural = value;
      field.integer = fits ? small : std::numeric_limits<std::int64_t>::max();
    });
  }
  bool number_float(double, const std::string& text) override {
    return fail("\"" + text + "\" is not an integer");
  }
  bool string(std::string& value) override {
    return set([&](Field& field) { field.kind = Field::Kind::text, field.text.swap(value); });
  }
  bool binary(nlohmann::json::binary_t&) override { return fail("binary data"); }
  bool start_object(std::size_t) override {
    if (field_ != nullptr || in_list_ || opened_) return fail("an object within an object");
    return opened_ = true;
  }
  bool key(std::string& name) override {
    if (object_.find(name) != nullptr) return fail("\"" + name + "\" stands there twice");
    if (object_.count_ == object_.fields_.size()) object_.fields_.emplace_back();
    field_ = &object_.fields_[object_.count_++];
    field_->name.swap(name);
    field_->list.clear();
    field_->used = false;
    return true;
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override {
    if (in_list_) return fail("a list within a list");
    in_list_ = true;
    return field_ == nullptr ? fail("not an object") : true;
  }
  bool end_array() override {
    in_list_ = false;
    return set([](Field& field) { field.kind = Field::Kind::list; });
  }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::json::exception& error) override {
    return fail(error.what());
  }

 private:
  template <typename Change>
  bool set(Change change) {
    if (in_list_) return fail("a list of something else than integers");
    if (field_ == nullptr) return fail("not an object");
    change(*field_);
    field_ = nullptr;
    return true;
  }
  bool append(std::int64_t value) {
    field_->list.push_back(value);
    return true;
  }
  bool fail(std::string what) {
    trouble_ = std::move(what);
    return false;
  }

  FlatObject& object_;
  Field* field_ = nullptr;  // named, and not given a value yet
  bool opened_ = false;
  bool in_list_ = false;
  std::string trouble_;
};

std::optional<std::string> FlatObject::parse(std::string_view line) {
  count_ = 0;
  FlatHandler handler(*this);
  if (nlohmann::json::sax_parse(line.begin(), line.end(), &handler)) return {};
  return handler.trouble();
}

Field* FlatObject::find(std::string_view name) {
  for (Field& field : *this)
    if (field.name == name) return &field;
  return nullptr;
}

}  // namespace verification::internal
