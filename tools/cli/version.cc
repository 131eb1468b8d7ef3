#include "version.h"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "base/format.h"
#include "wire/version.h"

namespace psmith::cli {
namespace {

constexpr std::size_t kShownBytes = 6;

// The size of a note's name or contents with what pads it.
std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

// The build id among the notes of one segment; empty without.
std::string build_id_in(std::span<const std::byte> notes) {
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) head;
    std::memcpy(&head, notes.data(), sizeof head);
    notes = notes.subspan(sizeof head);
    const std::size_t name = padded(head.n_namesz);
    if (name > notes.size() || head.n_descsz > notes.size() - name) break;
    const auto contents = notes.subspan(name, head.n_descsz);
    if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == sizeof "GNU" &&
        std::memcmp(notes.data(), "GNU", sizeof "GNU") == 0) {
      std::string id;
      for (const std::byte one :
           contents.first(std::min(kShownBytes, contents.size()))) {
        id += format("{:02x}", static_cast<unsigned>(one));
      }
      return id;
    }
    if (name + padded(head.n_descsz) > notes.size()) break;
    notes = notes.subspan(name + padded(head.n_descsz));
  }
  return {};
}

// The build id of the running program, which is the first that is visited.
int find_build_id(struct dl_phdr_info* object, std::size_t /*size*/,
                  void* found) {
  for (const auto& segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
    // Segments of another alignment hold other notes, padded otherwise.
    if (segment.p_type != PT_NOTE || segment.p_align != 4) continue;
    const auto* start =
        reinterpret_cast<const std::byte*>(object->dlpi_addr + segment.p_vaddr);
    auto id = build_id_in({start, segment.p_memsz});
    if (!id.empty()) {
      *static_cast<std::string*>(found) = std::move(id);
      break;
    }
  }
  return 1;  // visit no library
}

}  // namespace

std::string version_text(const std::string& program) {
  std::string build_id;
  ::dl_iterate_phdr(find_build_id, &build_id);
  return format("{} {} ({}, build {}, {}, wire {})", program, PSMITH_VERSION,
                PSMITH_BUILD, build_id.empty() ? "unknown" : build_id,
                PSMITH_ARCH, wire::kWireVersion);
}

}  // namespace psmith::cli
