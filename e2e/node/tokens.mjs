// Tokens and encrypted content, as the library that most programs in JavaScript use makes and reads them.
//
// Usage: tokens.mjs verify JWK TOKEN, which prints the subject; tokens.mjs sign JWK SUBJECT, which prints a token;
// tokens.mjs decrypt JWK FILE and tokens.mjs encrypt JWK TEXT, for a JWE in flattened serialisation.

import { readFileSync } from 'node:fs';
import { FlattenedEncrypt, SignJWT, flattenedDecrypt, importJWK, jwtVerify } from 'jose';

const [action, file, text] = process.argv.slice(2);
const jwk = JSON.parse(readFileSync(file, 'utf8'));
const key = await importJWK(jwk);

switch (action) {
  case 'verify': {
    const { payload } = await jwtVerify(readFileSync(text, 'utf8').trim(), key, { issuer: 'me', audience: 'api' });
    console.log(payload.sub);
    break;
  }
  case 'sign': {
    const token = new SignJWT({}).setProtectedHeader({ alg: jwk.alg, typ: 'JWT' });
    token.setIssuer('me').setAudience('api').setSubject(text).setIssuedAt().setExpirationTime('5m');
    console.log(await token.sign(key));
    break;
  }
  case 'encrypt': {
    const content = new FlattenedEncrypt(new TextEncoder().encode(text));
    content.setProtectedHeader({ alg: jwk.alg, enc: 'A256GCM' });
    console.log(JSON.stringify(await content.encrypt(key)));
    break;
  }
  case 'decrypt': {
    const { plaintext } = await flattenedDecrypt(JSON.parse(readFileSync(text, 'utf8')), key);
    console.log(new TextDecoder().decode(plaintext));
    break;
  }
}
