#ifndef PQSCOPE_CONNECTION_RESULT_TABLE_HPP
#define PQSCOPE_CONNECTION_RESULT_TABLE_HPP

#include <pqscope/connection/result.hpp>
#include <pqscope/libpq/character.hpp>

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope {
namespace detail {

/// One line of a cell, ready to be printed.
struct table_line {
  std::string text;
  std::size_t width = 0;  // columns it takes
};

using table_cell = std::vector<table_line>;

inline void append_hexadecimal(std::string& out, unsigned code, int digits) {
  while (digits-- > 0) {
    out += "0123456789ABCDEF"[code >> (4 * digits) & 15U];
  }
}

/// A character that has no place on a terminal, as an escape.
inline std::string escaped_character(std::string_view character) {
  auto const byte = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(character[i]));
  };
  std::string text;
  if (character == "\r") {
    text = "\\r";
  } else if (character.size() == 1) {
    text = "\\x";
    append_hexadecimal(text, byte(0), 2);
  } else {
    unsigned code = byte(0) & (0x7FU >> character.size());
    for (std::size_t i = 1; i < character.size(); ++i) {
      code = code << 6U | (byte(i) & 0x3FU);
    }
    text = "\\u";
    append_hexadecimal(text, code, 4);
  }
  return text;
}

/// The lines of a name or value. A template so that only programs that print a result compile it.
template <class = void>
table_cell cell_of(std::string_view value) {
  table_cell lines(1);
  while (!value.empty()) {
    auto const [size, width] = libpq::first_character(value);
    std::string_view const character = value.substr(0, size);
    table_line& line = lines.back();
    if (character == "\n") {
      lines.emplace_back();
    } else if (character == "\t") {
      std::size_t const gap = 8 - line.width % 8;
      line.text.append(gap, ' ');
      line.width += gap;
    } else if (width < 0) {
      std::string const escape = escaped_character(character);
      line.text += escape;
      line.width += escape.size();
    } else {
      line.text += character;
      line.width += static_cast<std::size_t>(width);
    }
    value.remove_prefix(size);
  }
  return lines;
}

/// Whether psql aligns values of a type to the right: it does so for numbers.
constexpr bool is_right_aligned(oid_t type) noexcept {
  switch (type) {
    case oid::int2:
    case oid::int4:
    case oid::int8:
    case oid::float4:
    case oid::float8:
    case oid::numeric:
    case oid::oid:
    case oid::xid:
    case oid::xid8:
    case oid::cid:
    case oid::money:
      return true;
    default:
      return false;
  }
}

/// How the values of a column are placed.
struct table_column {
  std::size_t width = 0;
  bool right = false;
};

/// One row of cells, or the header, over as many lines as its tallest cell needs.
template <class Stream>
void print_cells(Stream& out, std::vector<table_cell> const& cells,
                 std::vector<table_column> const& columns, bool is_header) {
  std::size_t height = 1;
  for (table_cell const& cell : cells) {
    height = cell.size() > height ? cell.size() : height;
  }
  table_line const nothing;
  for (std::size_t line = 0; line < height; ++line) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      bool const more = line + 1 < cells[i].size();
      bool const last = i + 1 == cells.size() && !is_header && !more;
      table_line const& shown = line < cells[i].size() ? cells[i][line] : nothing;
      std::size_t const spare = columns[i].width - shown.width;
      bool const right = columns[i].right && line < cells[i].size();
      std::size_t const before = is_header ? spare / 2 : right ? spare : 0;
      out << (i == 0 ? " " : "| ") << std::string(before, ' ') << shown.text;
      if (!last) {
        out << std::string(spare - before, ' ') << (more ? '+' : ' ');
      }
    }
    out << '\n';
  }
}

}  // namespace detail

template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                             result const& shown) {
  if (!shown.has_rows()) {
    return shown.command_tag().empty() ? out : out << shown.command_tag() << '\n';
  }
  std::vector<detail::table_column> columns;
  std::vector<detail::table_cell> header;
  std::vector<std::vector<detail::table_cell>> rows(shown.size());
  auto const widen = [&columns](std::size_t column, detail::table_cell const& cell) {
    for (detail::table_line const& line : cell) {
      columns[column].width =
          line.width > columns[column].width ? line.width : columns[column].width;
    }
  };
  for (column_info const head : shown.columns()) {
    columns.push_back({.right = detail::is_right_aligned(head.type)});
    header.push_back(detail::cell_of(head.name));
    widen(columns.size() - 1, header.back());
  }
  for (row const each : shown) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::string_view const value = each[i].is_null() ? std::string_view{} : each[i].text();
      rows[each.index()].push_back(detail::cell_of(value));
      widen(i, rows[each.index()].back());
    }
  }
  if (columns.empty()) {
    out << "--\n";
  } else {
    detail::print_cells(out, header, columns, true);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      out << (i == 0 ? "-" : "+-") << std::string(columns[i].width, '-') << '-';
    }
    out << '\n';
    for (std::vector<detail::table_cell> const& cells : rows) {
      detail::print_cells(out, cells, columns, false);
    }
  }
  return out << '(' << rows.size() << (rows.size() == 1 ? " row)\n" : " rows)\n");
}

}  // namespace pqscope

#endif
