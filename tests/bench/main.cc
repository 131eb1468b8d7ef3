// psmith_bench: the kernels, each beside what it is measured against. A
// benchmark's name is FIGURE/SIDE; run.py makes the table of README.md from
// their JSON. Besides Google Benchmark's flags:
//
//   --smoke              as little data as will do
//   --rows N             rows of the epoch benchmarks
//   --write-libsvm FILE KEYS ROWS    Zipf rows as text, and no benchmark;
//   --write-csv FILE COLUMNS ROWS    KEYS that are a power of two are spread
#include <benchmark/benchmark.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "base/heap.h"
#include "tests/bench/rows.h"

namespace psmith::bench {
namespace {

// A piece at a time, so that memory does not grow with the file.
template <class Text>
int write(const std::string& file, std::size_t rows, Text text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  for (std::size_t done = 0; done < rows; done += kPieceRows) {
    const auto piece = text(done, std::min(kPieceRows, rows - done));
    out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
  }
  if (!out.flush()) {
    std::cerr << "psmith_bench: cannot write " << file << '\n';
    return 74;
  }
  return 0;
}

int write_libsvm(const std::string& file, std::uint64_t keys,
                 std::size_t rows) {
  ZipfOptions options{.keys = keys, .spread = std::has_single_bit(keys)};
  return write(file, rows, [&](std::size_t begin, std::size_t count) {
    options.rows = count;
    options.first_row = begin;
    return libsvm_text(zipf_rows(options));
  });
}

int write_csv(const std::string& file, std::size_t columns, std::size_t rows) {
  return write(file, rows, [&](std::size_t begin, std::size_t count) {
    auto text = csv_text(count, columns, 1 + begin / kPieceRows);
    if (begin != 0) text.erase(0, text.find('\n') + 1);
    return text;
  });
}

int run(int argc, char** argv) {
  std::vector<char*> rest{argv[0]};
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const bool writes = flag == "--write-libsvm" || flag == "--write-csv";
    if (flag == "--smoke") {
      set_smoke();
    } else if (flag == "--rows" && i + 1 < argc) {
      set_epoch_rows(std::strtoull(argv[++i], nullptr, 10));
    } else if (writes && i + 3 < argc) {
      const auto width = std::strtoull(argv[i + 2], nullptr, 10);
      const auto rows = std::strtoull(argv[i + 3], nullptr, 10);
      return flag == "--write-csv" ? write_csv(argv[i + 1], width, rows)
                                   : write_libsvm(argv[i + 1], width, rows);
    } else {
      rest.push_back(argv[i]);
    }
  }
  int count = static_cast<int>(rest.size());
  benchmark::Initialize(&count, rest.data());
  if (benchmark::ReportUnrecognizedArguments(count, rest.data())) return 2;
  const auto ran = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return ran == 0 ? 1 : 0;
}

}  // namespace
}  // namespace psmith::bench

int main(int argc, char** argv) {
  psmith::keep_freed_memory();  // as the programs do
  return psmith::bench::run(argc, argv);
}
