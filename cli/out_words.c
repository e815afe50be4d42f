/* SPDX-License-Identifier: ISC */
/* Words for the model's numbers. Text and JSON use the same words. */
#include "out.h"

const char *
out_protocol(uint8_t protocol)
{
	return protocol == 50 ? "esp" : protocol == 51 ? "ah" : protocol == 108 ? "ipcomp" : NULL;
}

const char *
out_encap(uint8_t encap)
{
	static const char *const names[] = { NULL, "tunnel", "transport", "beet" };
	return encap < 4 ? names[encap] : NULL;
}

const char *
out_auth(uint8_t auth)
{
	static const char *const names[] = { NULL, "psk", "rsa", "ecdsa", "eddsa", "eap", "pubkey" };
	return auth < 7 ? names[auth] : NULL;
}
