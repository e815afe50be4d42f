/* SPDX-License-Identifier: ISC */
/** @file hash.h  The hash functions of model/ for plugin/, which includes no other header of model/. */
#ifndef HASH_H
#define HASH_H

#include "ipm_hash.h"

#endif
