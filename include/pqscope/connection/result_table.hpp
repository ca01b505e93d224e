#ifndef PQSCOPE_CONNECTION_RESULT_TABLE_HPP
#define PQSCOPE_CONNECTION_RESULT_TABLE_HPP

#include <pqscope/connection/result.hpp>

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope {
namespace detail {

/// Columns a UTF-8 text takes on a terminal, counting every character as one.
inline std::size_t display_width(std::string_view text) noexcept {
  std::size_t width = 0;
  for (char const byte : text) {
    width += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
  }
  return width;
}

/// The lines of one cell; control characters written as escapes.
inline std::vector<std::string> cell_lines(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::vector<std::string> lines(1);
  for (char const byte : text) {
    auto const code = static_cast<unsigned char>(byte);
    if (byte == '\n') {
      lines.emplace_back();
    } else if (byte == '\r') {
      lines.back() += "\\r";
    } else if (byte == '\t') {
      lines.back().append(8 - display_width(lines.back()) % 8, ' ');
    } else if (code < 0x20 || code == 0x7F) {
      lines.back() += "\\x";
      lines.back() += digits[code >> 4U];
      lines.back() += digits[code & 15U];
    } else {
      lines.back() += byte;
    }
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
    case oid::money:
      return true;
    default:
      return false;
  }
}

using table_cell = std::vector<std::string>;

/// One row of cells, over as many lines as its tallest cell needs.
inline void print_cells(std::ostream& out, std::vector<table_cell> const& cells,
                        std::vector<std::size_t> const& widths, std::vector<bool> const& right) {
  std::size_t height = 1;
  for (table_cell const& cell : cells) {
    height = cell.size() > height ? cell.size() : height;
  }
  for (std::size_t line = 0; line < height; ++line) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      bool const more = line + 1 < cells[i].size();
      bool const last = i + 1 == cells.size();
      std::string_view const text = line < cells[i].size() ? std::string_view{cells[i][line]} : "";
      std::string const padding(widths[i] - display_width(text), ' ');
      out << (i == 0 ? " " : "| ");
      if (right[i]) {
        out << padding << text;
      } else {
        out << text << (last && !more ? "" : padding);
      }
      out << (more ? "+" : last ? "" : " ");
    }
    out << '\n';
  }
}

}  // namespace detail

inline std::ostream& operator<<(std::ostream& out, result const& shown) {
  columns const heads = shown.columns();
  if (heads.size() == 0) {
    return out << shown.command_tag() << '\n';
  }
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  std::vector<std::vector<detail::table_cell>> rows;
  for (column_info const head : heads) {
    widths.push_back(detail::display_width(head.name));
    right.push_back(detail::is_right_aligned(head.type));
  }
  for (row const each : shown) {
    std::vector<detail::table_cell>& cells = rows.emplace_back();
    for (std::size_t i = 0; i < heads.size(); ++i) {
      cells.push_back(each[i].is_null() ? detail::table_cell(1)
                                        : detail::cell_lines(each[i].text()));
      for (std::string const& line : cells.back()) {
        std::size_t const width = detail::display_width(line);
        widths[i] = width > widths[i] ? width : widths[i];
      }
    }
  }
  for (std::size_t i = 0; i < heads.size(); ++i) {
    std::string_view const name = heads[i].name;
    std::size_t const spare = widths[i] - detail::display_width(name);
    out << (i == 0 ? " " : "| ") << std::string(spare / 2, ' ') << name
        << std::string(spare - spare / 2, ' ') << ' ';
  }
  out << '\n';
  for (std::size_t i = 0; i < heads.size(); ++i) {
    out << (i == 0 ? "-" : "+-") << std::string(widths[i], '-') << '-';
  }
  out << '\n';
  for (std::vector<detail::table_cell> const& cells : rows) {
    detail::print_cells(out, cells, widths, right);
  }
  return out << '(' << rows.size() << (rows.size() == 1 ? " row)\n" : " rows)\n");
}

}  // namespace pqscope

#endif
