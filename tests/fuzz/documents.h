// The input as a document: JSON where it begins like that, because it is easier to make from
// nothing, else BSON as a server might send it.
#pragma once

#include <optional>

#include "stores/mongo/bson.h"

namespace mongoelector::fuzz {

inline std::optional<internal::mongo::Bson> document_of(const std::uint8_t* data,
                                                        std::size_t size) {
  bson_t* made = nullptr;
  if (size > 0 && data[0] == '{') {
    made = bson_new_from_json(data, static_cast<ssize_t>(size), nullptr);
  } else {
    made = bson_new_from_data(data, size);
  }
  if (made == nullptr) return std::nullopt;
  return internal::mongo::Bson(made);
}

}  // namespace mongoelector::fuzz
