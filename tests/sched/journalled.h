// A master with a journal in memory, which can be started anew from it.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "tests/sched/support.h"

namespace psmith::sched::test {

struct Journalled : World {
  Journalled() {
    coordinator.reset();  // that of a World has no journal
    restart();
  }

  void commit() {
    for (const auto& record : coordinator->records()) {
      ++records;
      if (record.bytes.empty()) {
        journal.erase({record.kind, record.id});
      } else {
        journal[{record.kind, record.id}] = record.bytes;
      }
    }
  }
  // Everything commits before it is looked at; peers get new numbers.
  void restart() {
    if (coordinator) commit();
    Records all;
    for (const auto& [key, bytes] : journal) {
      all.push_back({key.first, key.second, bytes});
    }
    const auto saved = read_records(all).value(1);
    Settings settings;
    settings.incarnation = ++lives;
    coordinator.emplace(settings, turn(), &saved);
    beating.clear();
    inbox.clear();
    commit();
  }

  std::map<std::pair<Record::Kind, std::uint64_t>, std::vector<std::byte>>
      journal;
  std::size_t records = 0;
  std::uint64_t lives = 0;
};

}  // namespace psmith::sched::test
