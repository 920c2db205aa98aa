// Where a URI holds what nobody may be shown.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace mongoelector::internal {

struct Span {
  std::size_t begin;
  std::size_t end;  // one past the last
};

// In order, apart from each other, none empty. A URI that is not written as it should be may have
// more hidden than necessary.
std::vector<Span> secrets_in(std::string_view uri);

}  // namespace mongoelector::internal
