#include "tests/bench/rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/format.h"
#include "base/rng.h"
#include "data/key_list.h"

namespace psmith::bench {
namespace {

bool is_smoke = false;
std::size_t epoch_row_count = 200000;

constexpr std::uint32_t kParts = 10000000;  // values have seven decimals

// The sign and size of a feature's true weight, the same in all data.
double planted(std::uint64_t key) {
  const auto bits = mix64(key ^ 0x5eed);
  return static_cast<double>(bits >> 11) * 0x1.0p-52 - 1;
}

std::uint64_t spread(std::uint64_t rank, std::uint64_t keys) {
  return ((rank - 1) * 0x9e3779b97f4a7c15U & (keys - 1)) + 1;
}

}  // namespace

bool smoke() { return is_smoke; }
void set_smoke() {
  is_smoke = true;
  epoch_row_count = 2000;
}
std::size_t epoch_rows() { return epoch_row_count; }
void set_epoch_rows(std::size_t rows) { epoch_row_count = rows; }

SparseRows zipf_rows(const ZipfOptions& options) {
  SparseRows out;
  Rng rng(0);
  const double span = std::log(static_cast<double>(options.keys) + 1);
  std::vector<std::uint64_t> row;
  for (std::size_t r = 0; r < options.rows; ++r) {
    const auto at = options.first_row + r;
    if (at % kPieceRows == 0) rng = Rng(1 + at / kPieceRows);
    row.clear();
    while (row.size() < options.features) {
      while (row.size() < options.features) {
        const auto rank =
            static_cast<std::uint64_t>(std::exp(rng.uniform() * span));
        const auto held = std::min(rank, options.keys);
        row.push_back(options.spread ? spread(held, options.keys) : held);
      }
      std::sort(row.begin(), row.end());
      row.erase(std::unique(row.begin(), row.end()), row.end());
    }
    double z = 0;
    for (const auto key : row) {
      const auto part = static_cast<double>(rng.below(3 * kParts / 10) + 1);
      out.key.push_back(key);
      out.value.push_back(static_cast<float>(part / kParts));
      z += planted(key) * part / kParts;
    }
    out.label.push_back(rng.uniform() < 1 / (1 + std::exp(-4 * z)) ? 1 : 0);
    out.row_begin.push_back(out.key.size());
  }
  return out;
}

std::string libsvm_text(const SparseRows& rows) {
  std::string out;
  out.reserve(rows.entry_count() * 16);
  for (std::size_t r = 0; r < rows.row_count(); ++r) {
    out += rows.label[r] > 0 ? "+1" : "-1";
    for (auto i = rows.row_begin[r]; i < rows.row_begin[r + 1]; ++i) {
      char digits[40];
      auto* end = std::to_chars(digits, digits + 20, rows.key[i]).ptr;
      *end++ = ':';
      const double value = double{rows.value[i]} * kParts;
      end = std::to_chars(end, digits + sizeof digits,
                          std::lround(value) + kParts)
                .ptr;
      end[-8] = '0';  // of 1xxxxxxx
      out += ' ';
      out.append(digits, end - 7);
      out += '.';
      out.append(end - 7, end);
    }
    out += '\n';
  }
  return out;
}

std::string csv_text(std::size_t rows, std::size_t columns,
                     std::uint64_t seed) {
  Rng rng(seed);
  std::string out = "y";
  for (std::size_t c = 0; c < columns; ++c) out += format(",x{}", c);
  out += '\n';
  std::vector<double> x(columns);
  for (std::size_t r = 0; r < rows; ++r) {
    double z = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      x[c] = rng.normal();
      z += x[c] * planted(c);
    }
    out += z + rng.normal() > 0 ? '1' : '0';
    for (const double value : x) out += format(",{:.6f}", value);
    out += '\n';
  }
  return out;
}

tensor::Batch Block::batch() const {
  tensor::Batch out;
  out.row_count = label.size();
  out.label = label;
  out.key = key;
  out.row_begin = row_begin;
  out.local = local;
  out.value = value;
  return out;
}

std::vector<Block> blocks_of(const SparseRows& rows, std::size_t block_rows) {
  std::vector<Block> out;
  data::KeyList list;
  for (std::size_t begin = 0; begin < rows.row_count(); begin += block_rows) {
    const auto end = std::min(begin + block_rows, rows.row_count());
    const auto first = rows.row_begin[begin];
    const auto count = rows.row_begin[end] - first;
    list.build(std::span(rows.key).subspan(first, count));
    Block block;
    block.key.assign(list.key().begin(), list.key().end());
    block.local.assign(list.local().begin(), list.local().end());
    for (auto r = begin; r < end; ++r) {
      block.label.push_back(rows.label[r]);
      block.row_begin.push_back(
          static_cast<std::uint32_t>(rows.row_begin[r + 1] - first));
    }
    const auto* value = rows.value.data() + first;
    block.value.assign(value, value + count);
    out.push_back(std::move(block));
  }
  return out;
}

std::vector<std::uint64_t> sorted_keys(std::size_t count) {
  Rng rng(7);
  std::vector<std::uint64_t> entries(count), out;
  for (auto& key : entries) key = rng.next();  // distinct but for a miracle
  data::KeyList list;
  list.build(entries);
  out.assign(list.key().begin(), list.key().end());
  return out;
}

}  // namespace psmith::bench
