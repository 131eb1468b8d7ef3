// Key lists: sorted, distinct, and every entry finds its key, also with keys
// that were chosen to fall together.
//
// Input: mode (1 byte: how keys are made of what follows), keys.
#include <algorithm>

#include "data/key_list.h"
#include "input.h"

namespace psmith::fuzz {
namespace {

using placement::Key;
using placement::unmixed;

static_assert(unmixed(placement::mixed(12345)) == 12345);

std::vector<Key> keys_of(std::uint8_t mode, Taker& input) {
  std::vector<Key> keys;
  while (!input.rest().empty()) {
    switch (mode % 4) {
      case 0:
        keys.push_back(input.number<Key>());
        break;
      case 1:
        keys.push_back(input.byte());
        break;
      case 2:  // close together once they are mixed
        keys.push_back(unmixed(input.number<std::uint16_t>()));
        break;
      default:  // at the far end
        keys.push_back(unmixed(~std::uint64_t{input.number<std::uint16_t>()}));
    }
  }
  return keys;
}

void run(Taker input) {
  const auto mode = input.byte();
  const auto entries = keys_of(mode, input);
  static data::KeyList list;  // used again, as its header asks for
  list.build(entries);
  auto expected = entries;
  std::sort(expected.begin(), expected.end(), placement::mixed_less);
  expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
  PSM_CHECK(std::equal(list.key().begin(), list.key().end(), expected.begin(),
                       expected.end()),
            "the distinct keys in order");
  PSM_CHECK(list.local().size() == entries.size(), "a number for each entry");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    PSM_CHECK(list.local()[i] < expected.size() &&
                  expected[list.local()[i]] == entries[i],
              "an entry's own key");
  }
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
