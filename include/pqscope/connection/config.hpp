#ifndef PQSCOPE_CONNECTION_CONFIG_HPP
#define PQSCOPE_CONNECTION_CONFIG_HPP

/// \file
/// `pqscope::config`, whole: what it is stands in `config_declaration.hpp`, how it reads URLs,
/// connection strings and the environment in the headers named after them.

#include <pqscope/connection/config_declaration.hpp>
#include <pqscope/connection/config_settings.hpp>
#include <pqscope/connection/config_text.hpp>
#include <pqscope/connection/from_env.hpp>

#endif
