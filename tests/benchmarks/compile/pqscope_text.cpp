#include <cstddef>
#include <pqscope/pqscope.hpp>
#include <tuple>
#include <vector>

#include "shop.hpp"

std::size_t use(pqscope::session& s, std::int64_t id, std::vector<std::int64_t> const& ids,
                std::string const& word, double limit, moment since) {
  std::size_t n = 0;
  n += s.query<customer>("SELECT id, name, email, joined FROM customers WHERE id = $1", id)
           .one_or_none()
           .has_value();
  n += s.query<customer>(
            "SELECT id, name, email, joined FROM customers WHERE name LIKE $1 ORDER BY name LIMIT "
            "10",
            word)
           .all()
           .size();
  s.execute("UPDATE customers SET email = $1 WHERE id = $2", word, id);
  n += s.query<address>("SELECT id, customer_id, city, street FROM addresses WHERE id = $1", id)
           .one_or_none()
           .has_value();
  n += s.query<address>(
            "SELECT id, customer_id, city, street FROM addresses WHERE customer_id = $1", id)
           .all()
           .size();
  n += s.query<std::tuple<std::string, std::string>>(
            "SELECT a.city, c.name FROM addresses a JOIN customers c ON c.id = a.customer_id WHERE "
            "a.city = $1",
            word)
           .all()
           .size();
  n += s.query<category>("SELECT id, title, parent_id FROM categories WHERE id = $1", id)
           .one_or_none()
           .has_value();
  n += s.query<category>(
            "SELECT id, title, parent_id FROM categories WHERE parent_id IS NULL AND title <> $1",
            word)
           .all()
           .size();
  s.execute("DELETE FROM categories WHERE id = $1", id);
  n += s.query<supplier>("SELECT id, name, country, active FROM suppliers WHERE id = $1", id)
           .one_or_none()
           .has_value();
  n += s.query<supplier>(
            "SELECT id, name, country, active FROM suppliers WHERE active = true AND country = $1",
            word)
           .all()
           .size();
  n += static_cast<std::size_t>(
      s.query<std::int64_t>("SELECT count(*) FROM suppliers WHERE country = $1", word).one());
  n += s.query<product>(
            "SELECT id, category_id, supplier_id, name, price FROM products WHERE id = $1", id)
           .one_or_none()
           .has_value();
  n += s.query<product>(
            "SELECT id, category_id, supplier_id, name, price FROM products WHERE price BETWEEN $1 "
            "AND $2 ORDER BY price DESC LIMIT 20",
            1.0, limit)
           .all()
           .size();
  n += s.query<std::tuple<std::int64_t, std::int64_t, std::optional<double>>>(
            "SELECT category_id, count(*), max(price) FROM products GROUP BY category_id")
           .all()
           .size();
  n += s.query<stock>("SELECT id, product_id, place, amount FROM stocks WHERE id = $1", id)
           .one_or_none()
           .has_value();
  n += s.query<stock>(
            "SELECT id, product_id, place, amount FROM stocks WHERE product_id = ANY ($1)", ids)
           .all()
           .size();
  s.execute("UPDATE stocks SET amount = amount - 1 WHERE product_id = $1 AND amount > 0", id);
  n += s.query<purchase>("SELECT id, customer_id, at, paid FROM purchases WHERE id = $1", id)
           .one_or_none()
           .has_value();
  n +=
      s.query<purchase>(
           "SELECT id, customer_id, at, paid FROM purchases WHERE at >= $1 AND paid = false", since)
          .all()
          .size();
  n += s.query<bool>("SELECT EXISTS (SELECT FROM purchases WHERE customer_id = $1)", id).one();
  n += s.query<line>("SELECT id, purchase_id, product_id, amount, price FROM lines WHERE id = $1",
                     id)
           .one_or_none()
           .has_value();
  n += s.query<line>(
            "SELECT id, purchase_id, product_id, amount, price FROM lines WHERE purchase_id = $1 "
            "ORDER BY id",
            id)
           .all()
           .size();
  n += s.query<std::tuple<std::int64_t, int>>(
            "SELECT product_id, amount FROM lines WHERE purchase_id = $1", id)
           .all()
           .size();
  n += s.query<payment>("SELECT id, purchase_id, amount, settled FROM payments WHERE id = $1", id)
           .one_or_none()
           .has_value();
  n += s.query<payment>(
            "SELECT id, purchase_id, amount, settled FROM payments WHERE settled IS NULL AND "
            "amount > $1",
            limit)
           .all()
           .size();
  s.execute("UPDATE payments SET settled = $1 WHERE purchase_id = $2", since, id);
  n += s.query<review>(
            "SELECT id, product_id, customer_id, stars, words FROM reviews WHERE id = $1", id)
           .one_or_none()
           .has_value();
  n += s.query<review>(
            "SELECT id, product_id, customer_id, stars, words FROM reviews WHERE product_id = $1 "
            "AND stars >= 3 LIMIT 5",
            id)
           .all()
           .size();
  n += static_cast<std::size_t>(
      s.query<review>("INSERT INTO reviews (id, product_id, customer_id, stars, words) VALUES ($1, "
                      "$2, $3, $4, $5) RETURNING id, product_id, customer_id, stars, words",
                      1, id, id, 5, word)
          .one()
          .id);
  return n;
}

int main() {
  pqscope::engine db{"postgresql:///app"};
  return static_cast<int>(pqscope::with_session(
      db, [](pqscope::session& s) { return use(s, 1, {1, 2}, "ada", 2.5, moment{}); }));
}
