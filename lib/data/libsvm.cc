#include "data/libsvm.h"

#include <cstring>

#include "base/format.h"
#include "data/number.h"

namespace psmith::data {
namespace {

bool ends_token(const char* p, const char* end) {
  return p == end || is_blank(*p) || *p == '#';
}

std::string_view token_at(const char* p, const char* end) {
  const char* q = p;
  while (!ends_token(q, end)) ++q;
  return {p, static_cast<std::size_t>(q - p)};
}

Fault fault_of(NumberFault fault) {
  return fault == NumberFault::text || fault == NumberFault::none
             ? Fault::number
             : Fault::range;
}

Flaw index_flaw(std::string_view token, std::size_t offset) {
  const auto colon = token.find(':');
  if (token.starts_with("qid:")) {
    return {Fault::index, offset,
            "qid: is not supported (ranking groups)\n"
            "hint: remove the qid: fields"};
  }
  if (token.starts_with('-') && colon != std::string_view::npos &&
      parse_whole(token.substr(0, colon)).fault == NumberFault::none) {
    return {Fault::index, offset,
            format("index {} is negative", in_quotes(token.substr(0, colon)))};
  }
  return {Fault::index, offset,
          format("{} is not index:value", in_quotes(token))};
}

Flaw value_flaw(std::string_view token, std::string_view index,
                NumberFault fault, std::size_t offset) {
  if (token.empty()) {
    return {Fault::number, offset, format("no value after '{}:'", index)};
  }
  return {fault_of(fault), offset, describe(fault, token)};
}

Flaw order_flaw(std::uint64_t index, std::uint64_t last, std::size_t offset) {
  if (index == last) {
    return {Fault::order, offset,
            format("index {} appears twice in the row", index)};
  }
  return {Fault::order, offset,
          format("index {} after {}: indices must grow", index, last)};
}

}  // namespace

std::optional<Flaw> LibsvmParser::parse_label(std::string_view record,
                                              const char*& p, RawBlock& block) {
  const char* const end = record.data() + record.size();
  const auto offset = static_cast<std::size_t>(p - record.data());
  const auto token = token_at(p, end);
  const bool present = token.find(':') == std::string_view::npos;
  if (!labelled_ && labels_ != LabelUse::ignored) {
    labelled_ = present;
  }
  if (labels_ != LabelUse::ignored && present != *labelled_) {
    return Flaw{Fault::label, offset,
                present ? "the row has a label, but the first row has none"
                        : "the row has no label"};
  }
  if (!present) return std::nullopt;
  const auto number = parse_number(p, end);
  if (number.fault != NumberFault::none || !ends_token(number.end, end)) {
    return Flaw{fault_of(number.fault), offset,
                "label " + describe(number.fault, token)};
  }
  if (labels_ != LabelUse::ignored) {
    const float label = to_float(p, number) + 0.0F;  // -0 is 0
    if (auto flaw = unknown_label(known_, label, token, offset)) return flaw;
    block.label.push_back(label);
  }
  p = number.end;
  return std::nullopt;
}

Parsed LibsvmParser::parse(std::string_view record, RawBlock& block) {
  const char* const begin = record.data();
  const char* const end = begin + record.size();
  const auto offset = [&](const char* at) {
    return static_cast<std::size_t>(at - begin);
  };
  if (const void* nul = std::memchr(begin, 0, record.size())) {
    return {.flaw = Flaw{Fault::nul, offset(static_cast<const char*>(nul)),
                         kNulText}};
  }
  const char* p = skip_blanks(begin, end);
  if (p == end || *p == '#') return {};
  if (auto flaw = parse_label(record, p, block)) {
    return {.flaw = std::move(flaw)};
  }
  bool first = true;
  for (std::uint64_t last = 0;;) {
    p = skip_blanks(p, end);
    if (p == end || *p == '#') break;
    const auto index = parse_index(p, end);
    if (index.end == p || index.end == end || *index.end != ':') {
      return {.flaw = index_flaw(token_at(p, end), offset(p))};
    }
    const std::string_view digits(p, static_cast<std::size_t>(index.end - p));
    if (index.overflow) {
      return {.flaw =
                  Flaw{Fault::index, offset(p),
                       format("index {} is 2^64 or more", in_quotes(digits))}};
    }
    if (!first && index.value <= last) {
      return {.flaw = order_flaw(index.value, last, offset(p))};
    }
    p = index.end + 1;
    const auto number = parse_number(p, end);
    if (number.fault != NumberFault::none || !ends_token(number.end, end)) {
      return {.flaw = value_flaw(token_at(p, end), digits, number.fault,
                                 offset(p))};
    }
    block.index.push_back(index.value);
    block.value.push_back(to_float(p, number));
    last = index.value;
    first = false;
    p = number.end;
  }
  block.row_begin.push_back(block.index.size());
  return {.row = true, .flaw = {}};
}

}  // namespace psmith::data
