/* SPDX-License-Identifier: ISC */
/** @file units.h  Factors between units. */
#ifndef UNITS_H
#define UNITS_H

#define NS_PER_SECOND 1000000000ull

#endif
