#include <cstddef>
#include <pqscope/pqscope.hpp>
#include <tuple>
#include <vector>

#include "shop.hpp"

template <>
inline constexpr auto pqscope::mapping<customer> = pqscope::table(
    "customers", pqscope::column<&customer::id>().primary_key(), pqscope::column<&customer::name>(),
    pqscope::column<&customer::email>(), pqscope::column<&customer::joined>());
template <>
inline constexpr auto pqscope::mapping<address> =
    pqscope::table("addresses", pqscope::column<&address::id>().primary_key(),
                   pqscope::column<&address::customer_id>().references<&customer::id>(),
                   pqscope::column<&address::city>(), pqscope::column<&address::street>());
template <>
inline constexpr auto pqscope::mapping<category> =
    pqscope::table("categories", pqscope::column<&category::id>().primary_key(),
                   pqscope::column<&category::title>(),
                   pqscope::column<&category::parent_id>().references<&category::id>());
template <>
inline constexpr auto pqscope::mapping<supplier> = pqscope::table(
    "suppliers", pqscope::column<&supplier::id>().primary_key(), pqscope::column<&supplier::name>(),
    pqscope::column<&supplier::country>(), pqscope::column<&supplier::active>());
template <>
inline constexpr auto pqscope::mapping<product> =
    pqscope::table("products", pqscope::column<&product::id>().primary_key(),
                   pqscope::column<&product::category_id>().references<&category::id>(),
                   pqscope::column<&product::supplier_id>().references<&supplier::id>(),
                   pqscope::column<&product::name>(), pqscope::column<&product::price>());
template <>
inline constexpr auto pqscope::mapping<stock> =
    pqscope::table("stocks", pqscope::column<&stock::id>().primary_key(),
                   pqscope::column<&stock::product_id>().references<&product::id>(),
                   pqscope::column<&stock::place>(), pqscope::column<&stock::amount>());
template <>
inline constexpr auto pqscope::mapping<purchase> =
    pqscope::table("purchases", pqscope::column<&purchase::id>().primary_key(),
                   pqscope::column<&purchase::customer_id>().references<&customer::id>(),
                   pqscope::column<&purchase::at>(), pqscope::column<&purchase::paid>());
template <>
inline constexpr auto pqscope::mapping<line> =
    pqscope::table("lines", pqscope::column<&line::id>().primary_key(),
                   pqscope::column<&line::purchase_id>().references<&purchase::id>(),
                   pqscope::column<&line::product_id>().references<&product::id>(),
                   pqscope::column<&line::amount>(), pqscope::column<&line::price>());
template <>
inline constexpr auto pqscope::mapping<payment> =
    pqscope::table("payments", pqscope::column<&payment::id>().primary_key(),
                   pqscope::column<&payment::purchase_id>().references<&purchase::id>(),
                   pqscope::column<&payment::amount>(), pqscope::column<&payment::settled>());
template <>
inline constexpr auto pqscope::mapping<review> =
    pqscope::table("reviews", pqscope::column<&review::id>().primary_key(),
                   pqscope::column<&review::product_id>().references<&product::id>(),
                   pqscope::column<&review::customer_id>().references<&customer::id>(),
                   pqscope::column<&review::stars>(), pqscope::column<&review::words>());

std::size_t use(pqscope::session& s, std::int64_t id, std::vector<std::int64_t> const& ids,
                std::string const& word, double limit, moment since) {
  using namespace pqscope;
  std::size_t n = 0;
  n += s.get<customer>(id).has_value();
  n += s.find<customer>(col<&customer::name>.like(word))
           .order_by(col<&customer::name>)
           .limit(10)
           .all()
           .size();
  s.update<customer>().set(col<&customer::email> = word).where(col<&customer::id> == id).execute();
  n += s.get<address>(id).has_value();
  n += s.find<address>(col<&address::customer_id> == id).all().size();
  n += s.select<address>()
           .join<&address::customer_id>()
           .where(col<&address::city> == word)
           .all()
           .size();
  n += s.get<category>(id).has_value();
  n += s.find<category>(col<&category::parent_id>.is_null() && col<&category::title> != word)
           .all()
           .size();
  s.erase<category>().where(col<&category::id> == id).execute();
  n += s.get<supplier>(id).has_value();
  n += s.find<supplier>(col<&supplier::active> == true && col<&supplier::country> == word)
           .all()
           .size();
  n += static_cast<std::size_t>(s.count<supplier>(col<&supplier::country> == word));
  n += s.get<product>(id).has_value();
  n += s.find<product>(col<&product::price>.between(1.0, limit))
           .order_by(desc(col<&product::price>))
           .limit(20)
           .all()
           .size();
  n += s.select<product>()
           .group_by(col<&product::category_id>)
           .values(col<&product::category_id>, count(), max(col<&product::price>))
           .all()
           .size();
  n += s.get<stock>(id).has_value();
  n += s.find<stock>(col<&stock::product_id>.in(ids)).all().size();
  s.update<stock>()
      .set(col<&stock::amount> = col<&stock::amount> - 1)
      .where(col<&stock::product_id> == id && col<&stock::amount> > 0)
      .execute();
  n += s.get<purchase>(id).has_value();
  n += s.find<purchase>(col<&purchase::at> >= since && col<&purchase::paid> == false).all().size();
  n += s.exists<purchase>(col<&purchase::customer_id> == id);
  n += s.get<line>(id).has_value();
  n += s.find<line>(col<&line::purchase_id> == id).order_by(col<&line::id>).all().size();
  n += s.find<line>(col<&line::purchase_id> == id)
           .values(col<&line::product_id>, col<&line::amount>)
           .all()
           .size();
  n += s.get<payment>(id).has_value();
  n += s.find<payment>(col<&payment::settled>.is_null() && col<&payment::amount> > limit)
           .all()
           .size();
  s.update<payment>()
      .set(col<&payment::settled> = since)
      .where(col<&payment::purchase_id> == id)
      .execute();
  n += s.get<review>(id).has_value();
  n += s.find<review>(col<&review::product_id> == id && col<&review::stars> >= 3)
           .limit(5)
           .all()
           .size();
  n += static_cast<std::size_t>(
      s.insert(review{.id = 1, .product_id = id, .customer_id = id, .stars = 5, .words = word}).id);
  return n;
}

int main() {
  pqscope::engine db{"postgresql:///app"};
  return static_cast<int>(pqscope::with_session(
      db, [](pqscope::session& s) { return use(s, 1, {1, 2}, "ada", 2.5, moment{}); }));
}
