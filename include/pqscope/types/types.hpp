#ifndef PQSCOPE_TYPES_TYPES_HPP
#define PQSCOPE_TYPES_TYPES_HPP

/// \file
/// Every type family that comes with the library.

#include <pqscope/types/array.hpp>
#include <pqscope/types/bit_string.hpp>
#include <pqscope/types/boolean.hpp>
#include <pqscope/types/bytea.hpp>
#include <pqscope/types/cidr.hpp>
#include <pqscope/types/composite.hpp>
#include <pqscope/types/date.hpp>
#include <pqscope/types/enumeration.hpp>
#include <pqscope/types/floating.hpp>
#include <pqscope/types/hstore.hpp>
#include <pqscope/types/inet.hpp>
#include <pqscope/types/inferred.hpp>
#include <pqscope/types/infinity.hpp>
#include <pqscope/types/integer.hpp>
#include <pqscope/types/interval.hpp>
#include <pqscope/types/json.hpp>
#include <pqscope/types/lsn.hpp>
#include <pqscope/types/macaddr.hpp>
#include <pqscope/types/multirange.hpp>
#include <pqscope/types/numeric.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/parameter_list.hpp>
#include <pqscope/types/parameters.hpp>
#include <pqscope/types/range.hpp>
#include <pqscope/types/record.hpp>
#include <pqscope/types/sparsevec.hpp>
#include <pqscope/types/text.hpp>
#include <pqscope/types/time_of_day.hpp>
#include <pqscope/types/timestamp.hpp>
#include <pqscope/types/uuid.hpp>
#include <pqscope/types/variant.hpp>
#include <pqscope/types/vector.hpp>
#include <pqscope/types/xml.hpp>

#endif
