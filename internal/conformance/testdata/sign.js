// Prints the headers that Huawei Cloud's SDK for Node.js sends with each request on stdin, one object a line.
const { AKSKSigner } = require("@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner");
const lines = require("fs").readFileSync(0, "utf8").trim().split("\n");
for (const line of lines) {
  const { accessKey, secretKey, ...request } = JSON.parse(line);
  const signed = AKSKSigner.sign(request, { getAk: () => accessKey, getSk: () => secretKey });
  console.log(JSON.stringify(signed));
}
